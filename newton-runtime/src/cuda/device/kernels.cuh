// The kernels, generic in the loss. A thread computes one sample, or one sample and a block of K Hessian columns, at a time; a grid may
// have fewer threads than there is work.
//
// A loss is a type with
//
//     static constexpr integer DIM, NUMBERS, INTEGERS;      // of the prediction; of a label: how many numbers, how many integers
//     template <class S> static S run(const S* y, const P* label, const int* integers, const P* parameters, S* y_, Tape<S>& tape);

namespace nl {

// The inputs of a batch. Row-major: predictions N x DIM, labels N x NUMBERS, integers (and conditions, as 0 and 1) N x INTEGERS.
template <class T>
struct Batch {
    const T* predictions;
    const T* labels;
    const int* integers;
    const T* parameters;
    Scratch<T> scratch;
    Status* status;
    unsigned int samples;
    // Of the attempt before this one, which had more threads and shorter tapes: if those were long enough, there is nothing to do.
    const Status* before;

    NL_FN bool is_done() const { return before != nullptr && !before->tape_was_too_short(); }
};

NL_FN unsigned int thread_of_grid() {
    return (blockIdx.x * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
}
NL_FN unsigned int threads_of_grid() { return gridDim.x * blockDim.x * blockDim.y; }

NL_FN void begin(Status* status, unsigned int sample) {
    Running& now = running();
    now.status = status;
    now.sample = sample;
    now.faulty = false;
}

template <class T>
NL_FN void expect_finite(Status* status, unsigned int sample, T x) {
    if (!is_finite(x)) atomicMin(&status->not_finite, sample);
}

// A result of this thread's sample; not a number where something went wrong with it: whoever does not ask must not compute on with it.
template <class T>
NL_FN T checked_result(Status* status, unsigned int sample, T x) {
    if (running().faulty) return T(NOT_A_NUMBER);
    expect_finite(status, sample, x);
    return x;
}

// One sample's value; its gradient in `y_`.
template <class Loss, class S, class T>
NL_FN S run_sample(const Batch<T>& batch, unsigned int sample, const Array<S, Loss::DIM>& y, Array<S, Loss::DIM>& y_) {
    begin(batch.status, sample);
    Tape<S> tape(batch.scratch, thread_of_grid(), threads_of_grid());
    y_ = Array<S, Loss::DIM>{};
    const S loss = Loss::template run<S>(y.at, batch.labels + (size_t)sample * Loss::NUMBERS,
                                         batch.integers + (size_t)sample * Loss::INTEGERS, batch.parameters, y_.at, tape);
    tape.finish(batch.status);
    return loss;
}

// `values` N. `gradients` N x DIM; where it is null they are not written.
template <class Loss, class T>
NL_FN void gradients(const Batch<T>& batch, T* values, T* gradients) {
    constexpr integer DIM = Loss::DIM;
    if (batch.is_done()) return;
    for (unsigned int sample = thread_of_grid(); sample < batch.samples; sample += threads_of_grid()) {
        Array<T, DIM> y, y_;
        for (integer i = 0; i < DIM; ++i) {
            y.at[i] = batch.predictions[(size_t)sample * DIM + i];
            // Also those that the loss does not read.
            expect_finite(batch.status, sample, y.at[i]);
        }
        const T loss = run_sample<Loss, T>(batch, sample, y, y_);
        values[sample] = checked_result(batch.status, sample, loss);
        if (gradients == nullptr) continue;
        for (integer i = 0; i < DIM; ++i) {
            gradients[(size_t)sample * DIM + i] = checked_result(batch.status, sample, y_.at[i]);
        }
    }
}

// Where values and gradients go, which come along with Hessians; nowhere if null.
template <class T>
struct Along {
    T* values;
    T* gradients;
};

// Columns `first`.. of a sample's Hessian, as the tangents of `y_`. The first ones bring value and gradient along.
template <class Loss, class T, int K>
NL_FN void columns(const Batch<T>& batch, unsigned int sample, integer first, const Along<T>& along,
                   Array<Dual<T, K>, Loss::DIM>& y_) {
    constexpr integer DIM = Loss::DIM;
    Array<Dual<T, K>, DIM> y;
    for (integer i = 0; i < DIM; ++i) {
        y.at[i] = Dual<T, K>(batch.predictions[(size_t)sample * DIM + i]);
        for (int k = 0; k < K; ++k) y.at[i].tangents[k] = i == first + k ? T(1) : T(0);
    }
    const Dual<T, K> loss = run_sample<Loss, Dual<T, K>>(batch, sample, y, y_);
    if (first != 0 || along.values == nullptr) return;
    along.values[sample] = checked_result(batch.status, sample, loss.value);
    for (integer i = 0; i < DIM; ++i) {
        expect_finite(batch.status, sample, y.at[i].value);
        along.gradients[(size_t)sample * DIM + i] = checked_result(batch.status, sample, y_.at[i].value);
    }
}

// N x DIM x DIM, with values N and gradients N x DIM.
template <class Loss, class T, int K>
NL_FN void hessians(const Batch<T>& batch, const Along<T>& along, T* out) {
    constexpr integer DIM = Loss::DIM;
    constexpr unsigned int BLOCKS = (unsigned int)((DIM + K - 1) / K);
    const unsigned int jobs = batch.samples * BLOCKS;
    if (batch.is_done()) return;
    for (unsigned int job = thread_of_grid(); job < jobs; job += threads_of_grid()) {
        // Neighbouring threads: neighbouring samples.
        const unsigned int sample = job % batch.samples;
        const integer first = job / batch.samples * K;
        Array<Dual<T, K>, DIM> y_;
        columns<Loss, T, K>(batch, sample, first, along, y_);
        for (integer i = 0; i < DIM; ++i) {
            for (int k = 0; k < K && first + k < DIM; ++k) {
                out[((size_t)sample * DIM + i) * DIM + first + k] = checked_result(batch.status, sample, y_.at[i].tangents[k]);
            }
        }
    }
}

// Hessians times one vector per sample (N x DIM): N x DIM.
template <class Loss, class T>
NL_FN void hessian_vector_products(const Batch<T>& batch, const T* vectors, T* out) {
    constexpr integer DIM = Loss::DIM;
    using S = Dual<T, 1>;
    if (batch.is_done()) return;
    for (unsigned int sample = thread_of_grid(); sample < batch.samples; sample += threads_of_grid()) {
        Array<S, DIM> y, y_;
        for (integer i = 0; i < DIM; ++i) {
            y.at[i] = S(batch.predictions[(size_t)sample * DIM + i]);
            y.at[i].tangents[0] = vectors[(size_t)sample * DIM + i];
        }
        run_sample<Loss, S>(batch, sample, y, y_);
        for (integer i = 0; i < DIM; ++i) {
            out[(size_t)sample * DIM + i] = checked_result(batch.status, sample, y_.at[i].tangents[0]);
        }
    }
}

constexpr unsigned int WARP = 32;
constexpr unsigned int MOST_WARPS = MAX_THREADS / WARP / 2;

// Sums of the samples' Hessians, one per chunk of `chunk` samples: `partial` is chunks x DIM x DIM, column-major. `mean` adds them up. With
// values N and gradients N x DIM.
//
// Blocks are 32 x W threads, W up to MOST_WARPS. A warp takes a chunk and a block of columns, a lane every 32nd sample; what the lanes found is added up in the
// order of lanes, and of samples. Which thread does what does not matter: the sums depend on the batch and on `chunk` alone.
template <class Loss, class T, int K>
NL_FN void hessian_sums(const Batch<T>& batch, const Along<T>& along, unsigned int chunk, double* partial) {
    constexpr integer DIM = Loss::DIM, ENTRIES = DIM * K;
    constexpr unsigned int BLOCKS = (unsigned int)((DIM + K - 1) / K);
    // One column more than is used: lanes that read a column of it meet different banks.
    __shared__ T tiles[MOST_WARPS][WARP][WARP + 1];
    if (batch.is_done()) return;
    T (*tile)[WARP + 1] = tiles[threadIdx.y];
    const unsigned int lane = threadIdx.x, chunks = (batch.samples + chunk - 1) / chunk;
    const unsigned int warps = gridDim.x * blockDim.y;
    for (unsigned int job = blockIdx.x * blockDim.y + threadIdx.y; job < chunks * BLOCKS; job += warps) {
        const unsigned int part = job % chunks;
        const integer first = job / chunks * K;
        const unsigned int start = part * chunk, end = start + chunk < batch.samples ? start + chunk : batch.samples;
        for (unsigned int from = start; from < end; from += WARP) {
            const unsigned int sample = from + lane;
            Array<Dual<T, K>, DIM> y_{};
            if (sample < end) columns<Loss, T, K>(batch, sample, first, along, y_);
            for (integer group = 0; group < ENTRIES; group += WARP) {
                for (integer j = 0; j < WARP && group + j < ENTRIES; ++j) {
                    const T x = y_.at[(group + j) / K].tangents[(group + j) % K];
                    tile[lane][j] = sample < end ? checked_result(batch.status, sample, x) : x;
                }
                __syncwarp();
                const integer entry = group + lane, row = entry / K, column = first + entry % K;
                if (entry < ENTRIES && column < DIM) {
                    double total = 0;
                    for (unsigned int l = 0; l < WARP; ++l) total += (double)tile[l][lane];
                    double& out = partial[((size_t)part * DIM + column) * DIM + row];
                    out = from == start ? total : out + total;
                }
                __syncwarp();
            }
        }
    }
}

// The mean Hessian, DIM x DIM row-major, from the sums of `chunks` chunks, added up in their order.
NL_FN void mean_of_sums(const double* partial, unsigned int chunks, unsigned int samples, unsigned int dim, double* mean) {
    for (unsigned int entry = thread_of_grid(); entry < dim * dim; entry += threads_of_grid()) {
        const unsigned int row = entry / dim, column = entry % dim;
        double total = 0;
        for (unsigned int part = 0; part < chunks; ++part) total += partial[((size_t)part * dim + column) * dim + row];
        mean[entry] = total / samples;
    }
}

}  // namespace nl
