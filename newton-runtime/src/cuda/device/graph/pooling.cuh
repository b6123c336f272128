// Max pooling with PyTorch's rules: of equal maxima the first in row-major order wins, a NaN wins, the border never. Behind
// convolution.cuh.

// Bias, ReLU and pooling of 2 x 2: products (channels, images, oh, ow) to images (images, channels, oh / 2, ow / 2) and the winners
// of their windows, 255 where ReLU is flat. Odd last rows and columns are dropped.
extern "C" __global__ void nl_bias_relu_pool(
    const float* products, const float* bias, float* images, unsigned char* winners, unsigned int channels, unsigned int count,
    unsigned int oh, unsigned int ow) {
    using namespace nl::graph;
    const index pw = ow / 2, pooled = oh / 2 * pw, positions = oh * ow;
    for (index channel = blockIdx.y; channel < channels; channel += gridDim.y) {
        const float shift = bias[channel];
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < count * pooled; i += gridDim.x * blockDim.x) {
            const index image = i / pooled, at = i % pooled;
            const float* corner = products + ((size)channel * count + image) * positions + (size)(at / pw) * 2 * ow + at % pw * 2;
            float best = corner[0] + shift;
            unsigned char winner = 0;
            for (unsigned char tap = 1; tap < 4; ++tap) {
                const float value = corner[(size)(tap / 2) * ow + tap % 2] + shift;
                if (value > best || value != value) {
                    best = value;
                    winner = tap;
                }
            }
            const size to = ((size)image * channels + channel) * pooled + at;
            images[to] = best <= 0.0f ? 0.0f : best;
            winners[to] = best <= 0.0f ? 255 : winner;
        }
    }
}

// The gradient of the products from that of the images.
extern "C" __global__ void nl_bias_relu_pool_backward(
    const float* images, const unsigned char* winners, float* products, unsigned int channels, unsigned int count, unsigned int oh,
    unsigned int ow) {
    using namespace nl::graph;
    const index ph = oh / 2, pw = ow / 2, positions = oh * ow;
    for (index channel = blockIdx.y; channel < channels; channel += gridDim.y) {
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < count * positions; i += gridDim.x * blockDim.x) {
            const index image = i / positions, at = i % positions, y = at / ow, x = at % ow;
            float gradient = 0.0f;
            if (y / 2 < ph && x / 2 < pw) {
                const size from = (((size)image * channels + channel) * ph + y / 2) * pw + x / 2;
                if (winners[from] == y % 2 * 2 + x % 2) gradient = images[from];
            }
            products[(size)channel * count * positions + i] = gradient;
        }
    }
}

// Pooling of any window (k of 15 at most, so that a winner fits a byte). `win.channels` is not used: a plane is a plane.
extern "C" __global__ void nl_max_pool(
    const nl::graph::Window win, const float* planes, float* out, unsigned char* winners, unsigned int count) {
    using namespace nl::graph;
    const index positions = win.oh * win.ow;
    for (index plane = blockIdx.y; plane < count; plane += gridDim.y) {
        const float* from = planes + (size)plane * win.h * win.w;
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < positions; i += gridDim.x * blockDim.x) {
            const index y0 = i / win.ow * win.stride - win.pad, x0 = i % win.ow * win.stride - win.pad;
            float best = 0.0f;
            bool any = false;
            index winner = 0;
            for (index tap = 0; tap < win.k * win.k; ++tap) {
                const index y = y0 + tap / win.k, x = x0 + tap % win.k;
                if (y >= win.h || x >= win.w) continue;
                const float value = from[(size)y * win.w + x];
                if (!any || value > best || value != value) {
                    best = value;
                    winner = tap;
                }
                any = true;
            }
            out[(size)plane * positions + i] = best;
            winners[(size)plane * positions + i] = (unsigned char)winner;
        }
    }
}

// Adds to every pixel the gradients of the windows that it won, in the order of the window.
extern "C" __global__ void nl_max_pool_backward(
    const nl::graph::Window win, const float* out, const unsigned char* winners, float* planes, unsigned int count) {
    using namespace nl::graph;
    const index positions = win.oh * win.ow, pixels = win.h * win.w;
    for (index plane = blockIdx.y; plane < count; plane += gridDim.y) {
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < pixels; i += gridDim.x * blockDim.x) {
            const index y = i / win.w + win.pad, x = i % win.w + win.pad;
            float sum = 0.0f;
            for (index ky = 0; ky < win.k && ky <= y; ++ky) {
                const index oy = (y - ky) / win.stride;
                if (oy >= win.oh || oy * win.stride != y - ky) continue;
                for (index kx = 0; kx < win.k && kx <= x; ++kx) {
                    const index ox = (x - kx) / win.stride;
                    if (ox >= win.ow || ox * win.stride != x - kx) continue;
                    const size at = (size)plane * positions + oy * win.ow + ox;
                    if (winners[at] == ky * win.k + kx) sum += out[at];
                }
            }
            planes[(size)plane * pixels + i] += sum;
        }
    }
}
