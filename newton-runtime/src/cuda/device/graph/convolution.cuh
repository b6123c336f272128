// Convolutions as matrix products. Columns are what lies under a window: a matrix with a row for each weight of an output channel, and a
// column for each position of the window in each image. Behind pointwise.cuh.

namespace nl::graph {

using index = unsigned int;

// A square window of k x k that slides over images of `channels` x h x w with a zero border of `pad`, `stride` at a time: it has oh x ow
// positions. The host sees to it that images and positions of a launch can be counted by `index`, with room for a step of the grid.
struct Window {
    index channels, h, w, k, stride, pad, oh, ow;
};

}  // namespace nl::graph

// Columns (channels, k, k, images, oh, ow) of images (images, channels, h, w). A block row for each channel.
extern "C" __global__ void nl_im2col(const nl::graph::Window win, const float* images, float* columns, unsigned int count) {
    using namespace nl::graph;
    const index positions = win.oh * win.ow, all = count * positions;
    for (index channel = blockIdx.y; channel < win.channels; channel += gridDim.y) {
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < all; i += gridDim.x * blockDim.x) {
            const index image = i / positions, at = i % positions;
            // Left of and above the image they wrap round to what is larger than any side.
            const index y0 = at / win.ow * win.stride - win.pad, x0 = at % win.ow * win.stride - win.pad;
            const float* plane = images + ((size)image * win.channels + channel) * win.h * win.w;
            float* column = columns + (size)channel * win.k * win.k * all + i;
            for (index ky = 0; ky < win.k; ++ky) {
                for (index kx = 0; kx < win.k; ++kx) {
                    const index y = y0 + ky, x = x0 + kx;
                    *column = y < win.h && x < win.w ? plane[(size)y * win.w + x] : 0.0f;
                    column += all;
                }
            }
        }
    }
}

// The transpose: adds to every pixel of the images what lies in its columns, in the order of the window.
extern "C" __global__ void nl_col2im(const nl::graph::Window win, const float* columns, float* images, unsigned int count) {
    using namespace nl::graph;
    const index positions = win.oh * win.ow, pixels = win.h * win.w;
    const size all = (size)count * positions;
    for (index channel = blockIdx.y; channel < win.channels; channel += gridDim.y) {
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < count * pixels; i += gridDim.x * blockDim.x) {
            const index image = i / pixels, at = i % pixels;
            const index y = at / win.w + win.pad, x = at % win.w + win.pad;
            float sum = 0.0f;
            for (index ky = 0; ky < win.k && ky <= y; ++ky) {
                const index oy = (y - ky) / win.stride;
                if (oy >= win.oh || oy * win.stride != y - ky) continue;
                for (index kx = 0; kx < win.k && kx <= x; ++kx) {
                    const index ox = (x - kx) / win.stride;
                    if (ox >= win.ow || ox * win.stride != x - kx) continue;
                    const size row = ((size)channel * win.k + ky) * win.k + kx;
                    sum += columns[row * all + (size)image * positions + oy * win.ow + ox];
                }
            }
            images[((size)image * win.channels + channel) * pixels + at] += sum;
        }
    }
}

// Products (channels, images, pixels) as images (images, channels, pixels), a bias added.
extern "C" __global__ void nl_to_images(
    const float* products, const float* bias, float* images, unsigned int channels, unsigned int count, unsigned int pixels) {
    using namespace nl::graph;
    for (index channel = blockIdx.y; channel < channels; channel += gridDim.y) {
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < count * pixels; i += gridDim.x * blockDim.x) {
            const size at = ((size)(i / pixels) * channels + channel) * pixels + i % pixels;
            images[at] = products[(size)channel * count * pixels + i] + bias[channel];
        }
    }
}

// The way back, without the bias.
extern "C" __global__ void nl_from_images(
    const float* images, float* products, unsigned int channels, unsigned int count, unsigned int pixels) {
    using namespace nl::graph;
    for (index channel = blockIdx.y; channel < channels; channel += gridDim.y) {
        for (index i = blockIdx.x * blockDim.x + threadIdx.x; i < count * pixels; i += gridDim.x * blockDim.x) {
            const size at = ((size)(i / pixels) * channels + channel) * pixels + i % pixels;
            products[(size)channel * count * pixels + i] = images[at];
        }
    }
}

// Sums over images (images, channels, pixels) by channel: a block for each channel and slice of the images, which are dealt out in turn.
// Where `winners` is not null, numbers whose winner is 255 do not count. Parts (channels, slices); how many slices, the batch decides.
extern "C" __global__ void __launch_bounds__(256) nl_channel_sums(
    const float* images, const unsigned char* winners, float* parts, unsigned int channels, unsigned int count, unsigned int pixels) {
    using namespace nl::graph;
    __shared__ float sums[256];
    const index channel = blockIdx.x, slice = blockIdx.y, slices = gridDim.y;
    float sum = 0.0f;
    for (index image = slice; image < count; image += slices) {
        const size plane = ((size)image * channels + channel) * pixels;
        for (index at = threadIdx.x; at < pixels; at += 256) {
            if (winners == nullptr || winners[plane + at] != 255) sum += images[plane + at];
        }
    }
    sums[threadIdx.x] = sum;
    __syncthreads();
    for (index half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) parts[(size)channel * slices + slice] = sums[0];
}

extern "C" __global__ void nl_add_parts(const float* parts, float* into, unsigned int channels, unsigned int slices) {
    using namespace nl::graph;
    for (size channel = first_of_thread(); channel < channels; channel += threads_in_all()) {
        float sum = 0.0f;
        for (index slice = 0; slice < slices; ++slice) sum += parts[channel * slices + slice];
        into[channel] += sum;
    }
}
