// The Newton step on the device. What `newton/*.rs` does for a batch, in the same order and with the same rules; all matrices in double.
//
// Blocks are one-dimensional, of whole warps. How many threads one has, and how sums are cut into chunks, follows from the sizes of the
// batch alone: the same batch gives the same bits on every device.

namespace nl::newton {

// What a step has to report; zeros if all went well. A word names the first culprit: the complement of its index times four plus what it
// is, so that the first is the largest. The host reads them in this order.
struct Report {
    // N x m each.
    unsigned long long prediction, gradient;
    // N x m x m, and the mean of it (or the Fisher matrix).
    unsigned long long hessian, mean;
    // Samples, or 0 for the batch's only matrix: what could not be factored.
    unsigned long long matrix;
    // N x m each: what the element type cannot hold.
    unsigned long long direction, z_star;
    // The largest |C| and |C + lambda I|, as bits: of numbers that are not negative, those are ordered as the numbers.
    unsigned long long largest, shifted;
};

NL_FN bool failed(const Report* report) {
    return (report->prediction | report->gradient | report->hessian | report->mean | report->matrix | report->direction |
            report->z_star) != 0;
}

NL_FN void note(unsigned long long* word, unsigned long long index, unsigned int kind = 0) {
    atomicMax(word, ~(index * 4 + kind));
}

// Notes NaN (0), infinity (1) and minus infinity (2).
template <class T>
NL_FN void expect_finite(unsigned long long* word, unsigned long long index, T x) {
    if (x * T(0) == T(0)) return;
    note(word, index, x != x ? 0 : x > T(0) ? 1 : 2);
}

NL_FN double not_a_number() { return __longlong_as_double(0x7ff8000000000000LL); }
NL_FN double of_bits(unsigned long long bits) { return __longlong_as_double((long long)bits); }

// Keeps the largest of numbers that are not negative, and not NaN.
NL_FN void keep_largest(unsigned long long* word, double x) {
    atomicMax(word, (unsigned long long)__double_as_longlong(x));
}

}  // namespace nl::newton
