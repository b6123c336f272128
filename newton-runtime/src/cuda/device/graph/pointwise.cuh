// Element by element, row by row, column by column: what layers are made of beside products and convolutions.

namespace nl::graph {

using size = unsigned long long;

// This thread's first element, and the step to its next.
NL_FN size first_of_thread() { return (size)blockIdx.x * blockDim.x + threadIdx.x; }
NL_FN size threads_in_all() { return (size)gridDim.x * blockDim.x; }

}  // namespace nl::graph

// A NaN stays one.
extern "C" __global__ void nl_relu(const float* x, float* y, unsigned long long count) {
    using namespace nl::graph;
    for (size i = first_of_thread(); i < count; i += threads_in_all()) y[i] = x[i] <= 0.0f ? 0.0f : x[i];
}

// The derivative at 0 is 0.
extern "C" __global__ void nl_relu_backward(const float* x, const float* dy, float* dx, unsigned long long count) {
    using namespace nl::graph;
    for (size i = first_of_thread(); i < count; i += threads_in_all()) dx[i] += x[i] <= 0.0f ? 0.0f : dy[i];
}

// `factor` is one number of the device's.
extern "C" __global__ void nl_add_scaled(float* into, const float* factor, const float* x, unsigned long long count) {
    using namespace nl::graph;
    for (size i = first_of_thread(); i < count; i += threads_in_all()) into[i] += factor[0] * x[i];
}

// The same row everywhere.
extern "C" __global__ void nl_fill_rows(const float* row, float* out, unsigned long long columns, unsigned long long count) {
    using namespace nl::graph;
    for (size i = first_of_thread(); i < count; i += threads_in_all()) out[i] = row[i % columns];
}

// Adds the sums of a matrix's columns. Blocks of 32 x 8 threads for 32 columns each: neighbouring threads read neighbouring columns, and
// the order of a sum depends on the number of rows alone.
extern "C" __global__ void nl_add_column_sums(
    const float* x, float* into, unsigned long long rows, unsigned long long columns) {
    using namespace nl::graph;
    __shared__ float parts[8][32];
    const size column = (size)blockIdx.x * 32 + threadIdx.x;
    float sum = 0.0f;
    if (column < columns) {
        for (size row = threadIdx.y; row < rows; row += 8) sum += x[row * columns + column];
    }
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y > 0 || column >= columns) return;
    sum = 0.0f;
    for (int part = 0; part < 8; ++part) sum += parts[part][threadIdx.x];
    into[column] += sum;
}

extern "C" __global__ void nl_blend(const float* x, const float* y, double share, float* out, unsigned long long count) {
    using namespace nl::graph;
    for (size i = first_of_thread(); i < count; i += threads_in_all()) {
        out[i] = (float)((1.0 - share) * (double)x[i] + share * (double)y[i]);
    }
}
