// What all else rests on: integers as generated code has them, and how a thread says that something went wrong.
//
// Everything of this library is in namespace `nl`, and generated code names it so: no name of a user's can hide it.

#define NL_FN __device__ __forceinline__
#define NL_CONST __host__ __device__ __forceinline__ constexpr

namespace nl {

// An integer that is the same for all samples: constants, loop variables. Signed, so that loops can count down; wide, so that whatever
// a correct program computes in `usize`, `i32`, ... has the same value here.
using integer = long long;

// The most threads of a block.
constexpr unsigned int MAX_THREADS = 256;

// What went wrong, as the low half of `Status::fault`.
enum Fault : unsigned int { INDEX_OUT_OF_RANGE = 1, DIVISION_BY_ZERO = 2 };

// What a launch has to report. The host sets `fault` and `not_finite` to all ones and the rest to zeros.
struct Status {
    // The first sample in which something went wrong (high half), and what (low half).
    unsigned long long fault;
    // The first sample with a result that is not finite.
    unsigned int not_finite;
    // How many elements a thread's tape needed where it had less: active numbers, passive ones, integers.
    unsigned int tape[3];
    // An index out of range and its array's length. Of which sample, is certain only where a launch has but one.
    long long index, length;

    NL_FN bool tape_was_too_short() const { return tape[0] != 0 || tape[1] != 0 || tape[2] != 0; }
};

// What a thread works at: kept where every function finds it, so that none has to be handed it.
struct Running {
    Status* status;
    unsigned int sample;
    bool faulty;
};

NL_FN Running& running() {
    __shared__ Running all[MAX_THREADS];
    return all[threadIdx.y * blockDim.x + threadIdx.x];
}

// Notes a fault of this thread's sample. The smallest sample wins, whatever the order of threads; of a sample, its first.
__device__ __noinline__ void report(Fault fault, long long index, long long length) {
    Running& now = running();
    if (now.faulty) return;
    now.faulty = true;
    atomicMin(&now.status->fault, (unsigned long long)now.sample << 32 | fault);
    now.status->index = index;
    now.status->length = length;
}

// An index, moved into its array; outside of it is a fault.
NL_CONST integer checked(integer index, integer length) {
    if ((unsigned long long)index < (unsigned long long)length) return index;
    report(INDEX_OUT_OF_RANGE, index, length);
    return 0;
}

// What to divide by: 1 instead of 0, which is a fault.
NL_CONST integer divisor(integer x) {
    if (x != 0) return x;
    report(DIVISION_BY_ZERO, 0, 0);
    return 1;
}

// An integer that may differ between samples: 32 bits, and arithmetic wraps around.
struct Int {
    int value;

    Int() = default;
    NL_CONST Int(int x) : value(x) {}
    NL_CONST Int(integer x) : value((int)x) {}
    NL_CONST explicit Int(bool x) : value(x) {}
    explicit NL_CONST operator float() const { return (float)value; }
    explicit NL_CONST operator double() const { return (double)value; }
    explicit NL_CONST operator integer() const { return value; }
    explicit NL_CONST operator bool() const { return value != 0; }

    friend NL_CONST Int operator+(Int a, Int b) { return (int)((unsigned int)a.value + (unsigned int)b.value); }
    friend NL_CONST Int operator-(Int a, Int b) { return (int)((unsigned int)a.value - (unsigned int)b.value); }
    friend NL_CONST Int operator*(Int a, Int b) { return (int)((unsigned int)a.value * (unsigned int)b.value); }
    friend NL_CONST Int operator&(Int a, Int b) { return a.value & b.value; }
    friend NL_CONST Int operator|(Int a, Int b) { return a.value | b.value; }
    friend NL_CONST Int operator^(Int a, Int b) { return a.value ^ b.value; }
    friend NL_CONST Int operator<<(Int a, Int b) { return (int)((unsigned int)a.value << (b.value & 31)); }
    friend NL_CONST Int operator>>(Int a, Int b) { return a.value >> (b.value & 31); }
    friend NL_CONST Int operator~(Int a) { return ~a.value; }
    friend NL_CONST Int operator-(Int a) { return Int(0) - a; }
    friend NL_CONST bool operator==(Int a, Int b) { return a.value == b.value; }
    friend NL_CONST bool operator!=(Int a, Int b) { return a.value != b.value; }
    friend NL_CONST bool operator<(Int a, Int b) { return a.value < b.value; }
    friend NL_CONST bool operator<=(Int a, Int b) { return a.value <= b.value; }
    friend NL_CONST bool operator>(Int a, Int b) { return a.value > b.value; }
    friend NL_CONST bool operator>=(Int a, Int b) { return a.value >= b.value; }
};

}  // namespace nl
