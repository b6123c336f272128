// Convolutions as matrix products. What lies under a window is a row of a matrix, with a column for every (ky, kx, channel); the kernel is
// a matrix with a row for every output channel and the same columns.

namespace nl::graph {

// Images, and a square window that slides over them. Strides, in elements, say how they lie: channels first or last.
struct Sliding {
    unsigned int channels, height, width;
    // From one image, row, pixel and channel to the next.
    unsigned int image, row, pixel, channel;
    unsigned int k, stride, pad;
    // Positions of the window.
    unsigned int out_height, out_width;
};

// Rows `first`.. of the windows' matrix, which are counted through all images. The border around an image is 0. A warp of a block (32, W)
// writes a row.
extern "C" __global__ void __launch_bounds__(256)
nl_columns(const float* images, const Sliding s, unsigned int first, unsigned int rows, float* out) {
    const unsigned int length = s.k * s.k * s.channels;
    for (unsigned int n = blockIdx.x * blockDim.y + threadIdx.y; n < rows; n += gridDim.x * blockDim.y) {
        const unsigned int window = first + n, line = window / s.out_width;
        const unsigned int x = window % s.out_width, y = line % s.out_height;
        const float* image = images + (size_t)(line / s.out_height) * s.image;
        float* row = out + (size_t)n * length;
        for (unsigned int j = threadIdx.x; j < length; j += 32) {
            const unsigned int tap = j / s.channels, channel = j % s.channels;
            // Left of an image, and above it, wraps around to large numbers.
            const unsigned int py = y * s.stride + tap / s.k - s.pad, px = x * s.stride + tap % s.k - s.pad;
            const bool inside = py < s.height && px < s.width;
            row[j] = inside ? image[(size_t)py * s.row + (size_t)px * s.pixel + (size_t)channel * s.channel] : 0.0f;
        }
    }
}

// Where the weight of `packed[i]`, packed for `columns`, lies in a kernel (outputs, channels, k, k).
NL_FN unsigned int weight_of(unsigned int i, unsigned int channels, unsigned int taps) {
    const unsigned int channel = i % channels, tap = i / channels % taps, output = i / channels / taps;
    return (output * channels + channel) * taps + tap;
}

// A kernel (outputs, channels, k, k), `length` weights with `taps` = k k, packed for `columns`.
extern "C" __global__ void __launch_bounds__(256)
nl_pack_weight(const float* weight, unsigned int length, unsigned int channels, unsigned int taps, float* packed) {
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        packed[i] = weight[weight_of(i, channels, taps)];
    }
}

// The kernel that takes the gradient of the output to that of the input: turned by 180 degrees, inputs and outputs exchanged. Packed.
extern "C" __global__ void __launch_bounds__(256)
nl_pack_turned_weight(const float* weight, unsigned int length, unsigned int channels, unsigned int taps, float* packed) {
    const unsigned int outputs = length / channels / taps;
    for (unsigned int i = blockIdx.x * blockDim.x + threadIdx.x; i < length; i += gridDim.x * blockDim.x) {
        const unsigned int output = i % outputs, tap = i / outputs % taps, channel = i / outputs / taps;
        packed[i] = weight[(output * channels + channel) * taps + taps - 1 - tap];
    }
}

// Adds a packed kernel's gradient, the sum of `parts` parts, to the gradient of the kernel. Blocks of 32 x 8 threads for 32 weights each: the
// order of a sum depends on the number of parts alone.
extern "C" __global__ void __launch_bounds__(256)
nl_add_weight_gradient(const float* packed, unsigned int parts, unsigned int length, unsigned int channels, unsigned int taps,
                       float* gradient) {
    __shared__ double sums[8][32];
    const unsigned int i = blockIdx.x * 32 + threadIdx.x;
    double sum = 0.0;
    if (i < length) {
        for (unsigned int part = threadIdx.y; part < parts; part += 8) sum += (double)packed[(size_t)part * length + i];
    }
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y > 0 || i >= length) return;
    sum = 0.0;
    for (unsigned int line = 0; line < 8; ++line) sum += sums[line][threadIdx.x];
    gradient[weight_of(i, channels, taps)] += (float)sum;
}

}  // namespace nl::graph
