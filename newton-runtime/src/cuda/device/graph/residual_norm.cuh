// Batch normalisation of activations that lie channels last: a matrix with a row per pixel of the batch and a column per channel. With mean
// m and variance v of a channel, y = (z - m) gamma / sqrt(v + eps) + beta.
//
// Sums over the rows have a fixed order: segments of SEGMENT rows on their own, in a block of TILE x LINES threads each, then the segments.

namespace nl::residual {

constexpr unsigned int SEGMENT = 256, TILE = 32, LINES = 8;
constexpr double NORM_EPSILON = 1e-5;

// The sum over the lines of a block of TILE x LINES threads, for each column; all threads call it, and all have the sum.
NL_FN double sum_of_lines(double x) {
    __shared__ double lines[LINES][TILE];
    __syncthreads();
    lines[threadIdx.y][threadIdx.x] = x;
    __syncthreads();
    double total = 0.0;
    for (unsigned int line = 0; line < LINES; ++line) total += lines[line][threadIdx.x];
    return total;
}

// What a block of TILE x LINES threads has of a matrix: a column for each thread, and rows of a segment.
struct Segment {
    unsigned int column, index, begin, end;
    bool inside;

    NL_FN Segment(unsigned int rows, unsigned int columns) {
        column = blockIdx.y * TILE + threadIdx.x;
        index = blockIdx.x;
        begin = blockIdx.x * SEGMENT;
        end = begin + SEGMENT < rows ? begin + SEGMENT : rows;
        inside = column < columns;
    }
};

NL_FN unsigned int segments_of(unsigned int rows) { return (rows + SEGMENT - 1) / SEGMENT; }
NL_FN double rows_of(unsigned int segment, unsigned int rows) {
    const unsigned int left = rows - segment * SEGMENT;
    return left < SEGMENT ? left : SEGMENT;
}

// Mean and sum of squared deviations of every channel in every segment: 2 x segments x channels. The grid is segments x tiles.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_moments(const float* z, unsigned int rows, unsigned int channels, double* parts) {
    const Segment s(rows, channels);
    double sum = 0.0;
    if (s.inside) {
        for (unsigned int r = s.begin + threadIdx.y; r < s.end; r += LINES) sum += (double)z[(size_t)r * channels + s.column];
    }
    const double mean = sum_of_lines(sum) / (s.end - s.begin);
    double squares = 0.0;
    if (s.inside) {
        for (unsigned int r = s.begin + threadIdx.y; r < s.end; r += LINES) {
            const double gap = (double)z[(size_t)r * channels + s.column] - mean;
            squares += gap * gap;
        }
    }
    squares = sum_of_lines(squares);
    if (s.inside && threadIdx.y == 0) {
        parts[(size_t)s.index * channels + s.column] = mean;
        parts[((size_t)gridDim.x + s.index) * channels + s.column] = squares;
    }
}

// From all segments' moments: `norm`, which is mean and gamma / sqrt(variance + eps) of every channel, 2 x channels, with the batch's biased
// variance; `inverse`, 1 / sqrt(variance + eps); and `followed`, what the running statistics follow: mean and unbiased variance. The grid is
// the tiles, along y.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_of_batch(const double* parts, unsigned int rows, unsigned int channels, const float* gamma, float* norm, double* inverse,
              float* followed) {
    const Segment s(rows, channels);
    const unsigned int segments = segments_of(rows);
    double sum = 0.0;
    if (s.inside) {
        for (unsigned int i = threadIdx.y; i < segments; i += LINES) sum += rows_of(i, rows) * parts[(size_t)i * channels + s.column];
    }
    const double mean = sum_of_lines(sum) / rows;
    double squares = 0.0;
    if (s.inside) {
        for (unsigned int i = threadIdx.y; i < segments; i += LINES) {
            const double gap = parts[(size_t)i * channels + s.column] - mean;
            squares += parts[((size_t)segments + i) * channels + s.column] + rows_of(i, rows) * gap * gap;
        }
    }
    squares = sum_of_lines(squares);
    if (s.inside && threadIdx.y == 0) {
        const double root = 1.0 / sqrt(squares / rows + NORM_EPSILON);
        norm[s.column] = (float)mean;
        norm[channels + s.column] = (float)((double)gamma[s.column] * root);
        inverse[s.column] = root;
        followed[s.column] = (float)mean;
        followed[channels + s.column] = (float)(squares / (rows - 1.0));
    }
}

// `norm` from the running statistics.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_of_running(const float* mean, const float* variance, unsigned int channels, const float* gamma, float* norm) {
    for (unsigned int c = blockIdx.x * blockDim.x + threadIdx.x; c < channels; c += gridDim.x * blockDim.x) {
        norm[c] = mean[c];
        norm[channels + c] = (float)((double)gamma[c] / sqrt((double)variance[c] + NORM_EPSILON));
    }
}

// ReLU. A NaN stays one.
NL_FN float rectified(float x) { return x <= 0.0f ? 0.0f : x; }

NL_FN float normalised(float z, const float* norm, const float* beta, unsigned int channel, unsigned int channels) {
    return fmaf(z - norm[channel], norm[channels + channel], beta[channel]);
}

// relu(norm(z) + skip); `skip` may be null.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_activate(const float* z, const float* norm, const float* beta, const float* skip, unsigned int length, unsigned int channels,
              float* out) {
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        const float y = normalised(z[i], norm, beta, i % channels, channels);
        out[i] = rectified(skip == nullptr ? y : y + skip[i]);
    }
}

// ReLU's gradient: that of its output, with what else flows there in `add` (or null), where the output is positive. In place.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_mask(const float* activation, const float* add, unsigned int length, float* gradient) {
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        const float g = add == nullptr ? gradient[i] : gradient[i] + add[i];
        gradient[i] = activation[i] > 0.0f ? g : 0.0f;
    }
}

// Sums over every segment of the gradient g at y, and of g (z - mean): 2 x segments x channels. The grid is segments x tiles.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_gradient_sums(const float* gradient, const float* z, const float* norm, unsigned int rows, unsigned int channels, double* parts) {
    const Segment s(rows, channels);
    double sum = 0.0, product = 0.0;
    if (s.inside) {
        const float mean = norm[s.column];
        for (unsigned int r = s.begin + threadIdx.y; r < s.end; r += LINES) {
            const size_t at = (size_t)r * channels + s.column;
            const double g = (double)gradient[at];
            sum += g;
            product += g * (double)(z[at] - mean);
        }
    }
    sum = sum_of_lines(sum);
    product = sum_of_lines(product);
    if (s.inside && threadIdx.y == 0) {
        parts[(size_t)s.index * channels + s.column] = sum;
        parts[((size_t)gridDim.x + s.index) * channels + s.column] = product;
    }
}

// From all segments' sums: adds to the gradients of gamma and beta (null where there is none), and writes `spread`, 2 x channels: what
// takes g to the gradient at z, which is scale g + spread[0] (z - mean) + spread[1]. The grid is the tiles, along y.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_gradient(const double* parts, unsigned int rows, unsigned int channels, const float* norm, const double* inverse, float* gamma_,
              float* beta_, float* spread) {
    const Segment s(rows, channels);
    const unsigned int segments = segments_of(rows);
    double sum = 0.0, product = 0.0;
    if (s.inside) {
        for (unsigned int i = threadIdx.y; i < segments; i += LINES) {
            sum += parts[(size_t)i * channels + s.column];
            product += parts[((size_t)segments + i) * channels + s.column];
        }
    }
    sum = sum_of_lines(sum);
    product = sum_of_lines(product);
    if (s.inside && threadIdx.y == 0) {
        const double root = inverse[s.column], scale = (double)norm[channels + s.column];
        if (gamma_ != nullptr) gamma_[s.column] += (float)(product * root);
        if (beta_ != nullptr) beta_[s.column] += (float)sum;
        // scale (g - mean of g - zhat mean of g zhat), with zhat = (z - mean) / sqrt(variance + eps).
        spread[s.column] = (float)(-scale * product * root * root / rows);
        spread[channels + s.column] = (float)(-scale * sum / rows);
    }
}

// The gradient at z from the one at y, in place.
extern "C" __global__ void __launch_bounds__(256)
nl_norm_spread(const float* z, const float* norm, const float* spread, unsigned int length, unsigned int channels, const float* at_y,
            float* at_z) {
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        const unsigned int c = i % channels;
        at_z[i] = fmaf(at_y[i], norm[channels + c], fmaf(z[i] - norm[c], spread[c], spread[channels + c]));
    }
}

}  // namespace nl::residual
