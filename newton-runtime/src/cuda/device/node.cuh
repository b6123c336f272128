// What a node shows: the mean of a batch's values.

namespace nl {

constexpr unsigned int MEAN_THREADS = 256;

// One block. Threads add every 256th value, then pairs of threads: the order depends on the batch alone.
template <class T>
NL_FN void mean_of_values(const T* values, unsigned int samples, float* mean) {
    __shared__ double sums[MEAN_THREADS];
    double sum = 0;
    for (unsigned int i = threadIdx.x; i < samples; i += MEAN_THREADS) sum += (double)values[i];
    sums[threadIdx.x] = sum;
    __syncthreads();
    for (unsigned int half = MEAN_THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) *mean = (float)(sums[0] / samples);
}

}  // namespace nl

extern "C" __global__ void mean_of_values_float(const float* values, unsigned int samples, float* mean) {
    nl::mean_of_values(values, samples, mean);
}
extern "C" __global__ void mean_of_values_double(const double* values, unsigned int samples, float* mean) {
    nl::mean_of_values(values, samples, mean);
}
