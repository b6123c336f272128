// Max pooling of activations, channels last, right behind batch norm and ReLU; and its gradient, which each pixel gathers from the windows
// that see it.
//
// Ties go to the first pixel of a window in row-major order, a NaN wins, and a maximum of zero has no gradient: PyTorch's rules.

namespace nl::residual {

// From one index to before another.
struct Range {
    unsigned int begin, end;
};

// Windows 3 pixels wide, 2 apart, with a border of one that never wins.
struct Threes {
    // What a window sees of a side of `length` pixels.
    static NL_FN Range pixels(unsigned int window, unsigned int length, unsigned int) {
        const unsigned int end = 2 * window + 2;
        return {window == 0 ? 0 : 2 * window - 1, end < length ? end : length};
    }
    // Which of `count` windows see a pixel.
    static NL_FN Range windows(unsigned int pixel, unsigned int, unsigned int count) {
        const unsigned int end = (pixel + 1) / 2 + 1;
        return {pixel / 2, end < count ? end : count};
    }
};

// `count` windows along a side, as equal as whole pixels allow.
struct Adaptive {
    static NL_FN unsigned int below(unsigned int x, unsigned int of, unsigned int to) { return (unsigned int)((size_t)x * to / of); }
    static NL_FN unsigned int above(unsigned int x, unsigned int of, unsigned int to) {
        return (unsigned int)(((size_t)x * to + of - 1) / of);
    }
    static NL_FN Range pixels(unsigned int window, unsigned int length, unsigned int count) {
        return {below(window, count, length), above(window + 1, count, length)};
    }
    static NL_FN Range windows(unsigned int pixel, unsigned int length, unsigned int count) {
        return {below(pixel, length, count), above(pixel + 1, length, count)};
    }
};

// Mark of a maximum that ReLU zeroed. Windows have at most so many pixels.
constexpr unsigned char DEAD = 255;

// Sizes of images and of what comes out.
struct Pooling {
    unsigned int images, height, width, channels, out_height, out_width;
};

// What is pooled: relu(norm(z) + skip).
struct Activation {
    const float* z;
    const float* norm;
    const float* beta;
    const float* skip;
    unsigned int channels;

    NL_FN float at(size_t i, unsigned int channel) const {
        const float y = normalised(z[i], norm, beta, channel, channels);
        return rectified(skip == nullptr ? y : y + skip[i]);
    }
};

// The maximum of window `cell` (counted through all images) and channel; which pixel of the window it is, or DEAD, in `winner`.
template <class Windows>
NL_FN float maximum(const Activation& activation, const Pooling& p, unsigned int cell, unsigned int channel, unsigned char& winner) {
    const unsigned int line = cell / p.out_width;
    const Range rows = Windows::pixels(line % p.out_height, p.height, p.out_height);
    const Range columns = Windows::pixels(cell % p.out_width, p.width, p.out_width);
    const size_t image = (size_t)(line / p.out_height) * p.height;
    float best = 0.0f;
    unsigned int mark = 0;
    winner = 0;
    for (unsigned int y = rows.begin; y < rows.end; ++y) {
        for (unsigned int x = columns.begin; x < columns.end; ++x, ++mark) {
            const float value = activation.at(((image + y) * p.width + x) * p.channels + channel, channel);
            if (mark == 0 || value > best || value != value) {
                best = value;
                winner = (unsigned char)mark;
            }
        }
    }
    if (best <= 0.0f) winner = DEAD;
    return best;
}

// Batch norm, ReLU and pooling by threes: maxima and winners, cells x channels.
extern "C" __global__ void __launch_bounds__(256)
nl_pool_threes(const float* z, const float* norm, const float* beta, const Pooling p, float* out, unsigned char* winners) {
    const Activation activation{z, norm, beta, nullptr, p.channels};
    const unsigned int length = p.images * p.out_height * p.out_width * p.channels;
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        out[i] = maximum<Threes>(activation, p, i / p.channels, i % p.channels, winners[i]);
    }
}

// Batch norm, residual, ReLU, adaptive pooling, and the mean over the channels, one number per cell. A warp of a block (32, W) has a cell.
extern "C" __global__ void __launch_bounds__(256)
nl_pool_adaptive(const float* z, const float* norm, const float* beta, const float* skip, const Pooling p, float* out,
              unsigned char* winners) {
    const Activation activation{z, norm, beta, skip, p.channels};
    const unsigned int cells = p.images * p.out_height * p.out_width;
    for (unsigned int cell = blockIdx.x * blockDim.y + threadIdx.y; cell < cells; cell += gridDim.x * blockDim.y) {
        float total = 0.0f;
        for (unsigned int c = threadIdx.x; c < p.channels; c += 32) {
            total += maximum<Adaptive>(activation, p, cell, c, winners[(size_t)cell * p.channels + c]);
        }
        for (unsigned int step = 16; step > 0; step /= 2) total += __shfl_down_sync(0xffffffffu, total, step);
        if (threadIdx.x == 0) out[cell] = total / p.channels;
    }
}

// The gradient at pixel and channel `i`: the sum over the windows in which it won of `gradient(cell)`.
template <class Windows, class Gradient>
NL_FN float gathered(const Pooling& p, unsigned int i, const unsigned char* winners, Gradient gradient) {
    const unsigned int channel = i % p.channels, pixel = i / p.channels, x = pixel % p.width, line = pixel / p.width;
    const unsigned int y = line % p.height, image = line / p.height;
    const Range rows = Windows::windows(y, p.height, p.out_height), columns = Windows::windows(x, p.width, p.out_width);
    float total = 0.0f;
    for (unsigned int py = rows.begin; py < rows.end; ++py) {
        const unsigned int top = Windows::pixels(py, p.height, p.out_height).begin;
        for (unsigned int px = columns.begin; px < columns.end; ++px) {
            const Range seen = Windows::pixels(px, p.width, p.out_width);
            const unsigned int cell = (image * p.out_height + py) * p.out_width + px;
            const unsigned int mark = (y - top) * (seen.end - seen.begin) + x - seen.begin;
            if (winners[(size_t)cell * p.channels + channel] == mark) total += gradient(cell, channel);
        }
    }
    return total;
}

// The gradient at the stem's normalised output from the one at its maxima.
extern "C" __global__ void __launch_bounds__(256)
nl_pool_threes_gradient(const float* pooled, const unsigned char* winners, const Pooling p, float* gradient) {
    const unsigned int length = p.images * p.height * p.width * p.channels;
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        gradient[i] = gathered<Threes>(p, i, winners, [=](unsigned int cell, unsigned int channel) {
            return pooled[(size_t)cell * p.channels + channel];
        });
    }
}

// The gradient at the last layer's normalised output from the one of the means over channels.
extern "C" __global__ void __launch_bounds__(256)
nl_pool_adaptive_gradient(const float* means, const unsigned char* winners, const Pooling p, float* gradient) {
    const unsigned int length = p.images * p.height * p.width * p.channels;
    const float share = 1.0f / p.channels;
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        gradient[i] = gathered<Adaptive>(p, i, winners, [=](unsigned int cell, unsigned int) { return means[cell] * share; });
    }
}

}  // namespace nl::residual
