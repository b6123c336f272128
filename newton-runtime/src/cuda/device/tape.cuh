// What the forward sweep leaves for the reverse sweep: stacks of active numbers, passive ones and integers.
//
// They lie in scratch memory that the host gives a launch, interleaved: the same slot of all threads side by side, so that a warp's
// accesses are one. A thread that needs more than there is says how much (`Status::tape`), and a launch that was enqueued behind this one does
// it again with fewer threads in the same memory, hence longer tapes. The forward sweep counts on, and its control flow reads nothing from
// the tape: what is counted is exact, and the host can give the next batch as much.

namespace nl {

// Memory of all threads' tapes, and how many elements each of a thread's three stacks holds. An active number takes 1 + K elements of
// `active` for one of `active_slots`.
template <class T>
struct Scratch {
    T* active;
    T* passive;
    int* integers;
    unsigned int active_slots, passive_slots, integer_slots;
};

// How many numbers a scalar consists of.
template <class S>
struct Parts {
    static constexpr int COUNT = 1;
    static NL_FN S& part(S& x, int) { return x; }
};
template <class T, int K>
struct Parts<Dual<T, K>> {
    static constexpr int COUNT = 1 + K;
    static NL_FN T& part(Dual<T, K>& x, int i) { return i == 0 ? x.value : x.tangents[i - 1]; }
};

template <class S, class T>
struct Stack {
    static constexpr int PARTS = Parts<S>::COUNT;
    T* memory;
    unsigned int slots, top, most;
    // Of this thread among all.
    unsigned int thread, threads;

    NL_FN Stack(T* memory, unsigned int slots, unsigned int thread, unsigned int threads)
        : memory(memory), slots(slots), top(0), most(0), thread(thread), threads(threads) {}

    NL_FN T& slot(int part) const { return memory[((size_t)top * PARTS + part) * threads + thread]; }
    NL_FN void push(S x) {
        if (top < slots) {
            for (int i = 0; i < PARTS; ++i) slot(i) = Parts<S>::part(x, i);
        }
        top += 1;
        most = most < top ? top : most;
    }
    NL_FN void pop(S& x) {
        top -= 1;
        if (top < slots) {
            for (int i = 0; i < PARTS; ++i) Parts<S>::part(x, i) = slot(i);
        } else {
            x = S(0);
        }
    }
    // Says how much was missing.
    NL_FN void finish(unsigned int* missing) const {
        if (most > slots) atomicMax(missing, most);
    }
};

template <class S>
struct Tape {
    using P = Passive<S>;
    Stack<S, P> active;
    Stack<P, P> passive;
    Stack<int, int> integers;

    NL_FN Tape(const Scratch<P>& scratch, unsigned int thread, unsigned int threads)
        : active(scratch.active, scratch.active_slots, thread, threads),
          passive(scratch.passive, scratch.passive_slots, thread, threads),
          integers(scratch.integers, scratch.integer_slots, thread, threads) {}

    NL_FN void finish(Status* status) const {
        active.finish(&status->tape[0]);
        passive.finish(&status->tape[1]);
        integers.finish(&status->tape[2]);
    }

    NL_FN void push(const S& x) { active.push(x); }
    NL_FN void pop(S& x) { active.pop(x); }
    NL_FN void push_passive(P x) { passive.push(x); }
    NL_FN void pop_passive(P& x) { passive.pop(x); }
    NL_FN void push_discrete(integer x) { integers.push((int)x); }
    NL_FN void push_discrete(Int x) { integers.push(x.value); }
    NL_FN void push_discrete(bool x) { integers.push(x); }
    template <class D>
    NL_FN void pop_discrete(D& x) {
        int saved;
        integers.pop(saved);
        x = D(saved);
    }

    // Arrays: their elements in order, and back.
#define NL_ARRAYS(push, pop)                                          \
    template <class T, integer N, integer... Rest>                    \
    NL_FN void push(const Array<T, N, Rest...>& x) {                  \
        for (integer i = 0; i < N; ++i) push(x.at[i]);                \
    }                                                                 \
    template <class T, integer N, integer... Rest>                    \
    NL_FN void pop(Array<T, N, Rest...>& x) {                         \
        for (integer i = N; i > 0; --i) pop(x.at[i - 1]);             \
    }
    NL_ARRAYS(push, pop)
    NL_ARRAYS(push_passive, pop_passive)
    NL_ARRAYS(push_discrete, pop_discrete)
#undef NL_ARRAYS
};

}  // namespace nl
