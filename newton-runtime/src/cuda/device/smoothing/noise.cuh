// Noise for all samples of a batch, and the arguments that it perturbs: `Noise::fill` and `Round::new`. A thread computes a block of eight
// numbers of one sample.

namespace nl {
namespace smoothing {

// `smoothing::Sampling`, in its order.
enum Sampling : unsigned int { MONTE_CARLO, LATIN_HYPERCUBE, LATIN_HYPERCUBE_MIDPOINTS, CARTESIAN };

// Uniform numbers of a sample before those that shuffle.
NL_FN unsigned long long placed(const Noise& noise) { return (unsigned long long)noise.drawn * noise.dim; }

// Of Latin hypercubes: how each number's intervals are shuffled, N x drawn x dim, each from the order 0, 1, ... A thread shuffles for one number
// of a sample.
NL_FN void shuffle(const Noise& noise, unsigned int samples, unsigned int* order) {
    const unsigned long long jobs = (unsigned long long)samples * noise.dim;
    for (unsigned long long job = thread_of_line(); job < jobs; job += threads_of_line()) {
        const unsigned long long sample = job / noise.dim;
        const unsigned int i = (unsigned int)(job % noise.dim);
        unsigned int* mine = order + sample * placed(noise) + i;
        for (unsigned int s = 0; s < noise.drawn; ++s) mine[(size_t)s * noise.dim] = s;
        unsigned long long number = placed(noise) + (unsigned long long)i * (noise.drawn - 1);
        Block block;
        bool fresh = true;
        for (unsigned int k = noise.drawn; k-- > 1; ++number) {
            const unsigned int within = (unsigned int)(number % Block::NUMBERS);
            if (fresh || within == 0) block = block_of(noise, sample, number / Block::NUMBERS);
            fresh = false;
            const unsigned int with = (unsigned int)(block.uniform(within) * (double)(k + 1));
            const unsigned int swapped = mine[(size_t)k * noise.dim];
            mine[(size_t)k * noise.dim] = mine[(size_t)with * noise.dim];
            mine[(size_t)with * noise.dim] = swapped;
        }
    }
}

// Every number's order is a shuffle of the one before. A block takes a sample.
NL_FN void compose(const Noise& noise, unsigned int samples, unsigned int* order) {
    for (unsigned int sample = blockIdx.x; sample < samples; sample += gridDim.x) {
        unsigned int* mine = order + sample * placed(noise);
        for (unsigned int i = 1; i < noise.dim; ++i) {
            for (unsigned int s = threadIdx.x; s < noise.drawn; s += blockDim.x) {
                unsigned int& at = mine[(size_t)s * noise.dim + i];
                at = mine[(size_t)at * noise.dim + i - 1];
            }
            __syncthreads();
        }
    }
}

// `uniform`, moved into its part of what is spread evenly. `interval`: of a Latin hypercube.
NL_FN double spread(const Noise& noise, double uniform, unsigned int s, unsigned int i, unsigned int interval) {
    switch (noise.sampling) {
        case LATIN_HYPERCUBE: return ((double)interval + uniform) / (double)noise.drawn;
        case LATIN_HYPERCUBE_MIDPOINTS: return ((double)interval + 0.5) / (double)noise.drawn;
        case CARTESIAN: {
            unsigned int digits = s;
            for (unsigned int j = 0; j < i && digits > 0; ++j) digits /= noise.intervals;
            return ((double)(digits % noise.intervals) + uniform) / (double)noise.intervals;
        }
        default: return uniform;
    }
}

// `drawn` is N x samples x dim at scale 1; `arguments` N x rows x dim, of which `rows` is one more than `samples` if the unperturbed ones
// are wanted. `order`: what `compose` left. Where `arguments` is null there are no predictions.
template <class T>
NL_FN void perturb(const Noise& noise, unsigned int samples, unsigned int rows, const unsigned int* order, const T* predictions,
                   double* drawn, T* arguments, Finding* findings) {
    const unsigned long long numbers = placed(noise), blocks = (numbers + Block::NUMBERS - 1) / Block::NUMBERS;
    const bool hypercube = noise.sampling == LATIN_HYPERCUBE || noise.sampling == LATIN_HYPERCUBE_MIDPOINTS;
    for (unsigned long long job = thread_of_line(); job < samples * blocks; job += threads_of_line()) {
        const unsigned long long sample = job / blocks, start = job % blocks * Block::NUMBERS;
        const Block block = block_of(noise, sample, job % blocks);
        const T* y = predictions + sample * noise.dim;
        double* z = drawn + sample * noise.samples * noise.dim;
        T* into = arguments + sample * rows * noise.dim;
        unsigned int s = (unsigned int)(start / noise.dim), i = (unsigned int)(start % noise.dim);
        for (unsigned int j = 0; j < Block::NUMBERS && start + j < numbers; ++j) {
            const unsigned int interval = hypercube ? order[sample * numbers + start + j] : 0;
            const double one = quantile(noise.distribution, spread(noise, block.uniform(j), s, i, interval));
            for (unsigned int row = s; row < noise.samples; row += noise.drawn) {
                const double here = row == s ? one : mirror(noise.distribution, one);
                z[(size_t)row * noise.dim + i] = here;
                if (arguments != nullptr) into[(size_t)row * noise.dim + i] = (T)((double)y[i] + noise.scale * here);
            }
            if (s == 0 && arguments != nullptr) {
                expect_finite(findings, PREDICTION, sample * noise.dim + i, y[i]);
                if (rows > noise.samples) into[(size_t)noise.samples * noise.dim + i] = y[i];
            }
            if (++i == noise.dim) {
                i = 0;
                ++s;
            }
        }
    }
}

}  // namespace smoothing
}  // namespace nl
