// What the kernels of smoothing share: who they are, and how they say what is not finite.

namespace nl {
namespace smoothing {

// Threads of one-dimensional launches.
NL_FN unsigned long long thread_of_line() { return (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x; }
NL_FN unsigned long long threads_of_line() { return (unsigned long long)gridDim.x * blockDim.x; }

// The first number of a kind that is not finite. The host sets both to all ones.
struct Finding {
    unsigned long long at;
    // Its bits, as `double`.
    unsigned long long value;
};
// In what it was found: which of a launch's `Finding`s.
enum Kind : unsigned int { PREDICTION, RESULT, LOSS, GRADIENT, HESSIAN, KINDS };

template <class T>
NL_FN void expect_finite(Finding* findings, unsigned int kind, unsigned long long at, T x) {
    if (!(x - x == T(0))) atomicMin(&findings[kind].at, at);
}

// The same for an array.
template <class T>
NL_FN void expect_all_finite(const T* all, unsigned long long count, Finding* findings, unsigned int kind) {
    for (unsigned long long i = thread_of_line(); i < count; i += threads_of_line()) expect_finite(findings, kind, i, all[i]);
}

// Looks up what is to be named: a thread for each kind. `mean` or `each` are the Hessians, or neither.
template <class T>
NL_FN void name_findings(const T* predictions, const T* results, const T* values, const T* gradients, const double* mean,
                         const T* each, Finding* findings) {
    const unsigned int kind = threadIdx.x;
    if (kind >= KINDS || findings[kind].at == ~0ull) return;
    const unsigned long long at = findings[kind].at;
    const T* all = kind == PREDICTION ? predictions : kind == RESULT ? results : kind == LOSS ? values : kind == GRADIENT ? gradients : each;
    if (all == nullptr && !(kind == HESSIAN && mean != nullptr)) return;
    const double value = kind == HESSIAN && mean != nullptr ? mean[at] : (double)all[at];
    findings[kind].value = (unsigned long long)__double_as_longlong(value);
}

}  // namespace smoothing
}  // namespace nl
