// Reads what is to be computed from one file, launches, and writes results to another: numbers as they lie in memory.
#pragma once

namespace host {

struct Request {
    unsigned unit, element, kind, samples, grid, block_x, block_y, chunk;
    unsigned slots[3], parameters;
};
enum Kind : unsigned { VALUES, GRADIENTS, HESSIANS, PRODUCTS, MEAN };

inline FILE *in, *out;

// Memory of a launch. Kernels may write nothing behind its end: it is longer than it has to be.
template <class T>
struct Memory {
    static constexpr unsigned char PATTERN = 0xa5;
    static constexpr size_t BEHIND = 64;
    T* data;
    size_t count;

    explicit Memory(size_t count) : data((T*)malloc((count + BEHIND) * sizeof(T))), count(count) {
        memset(data, PATTERN, (count + BEHIND) * sizeof(T));
    }
    Memory(const Memory&) = delete;
    ~Memory() {
        const unsigned char* behind = (const unsigned char*)(data + count);
        for (size_t i = 0; i < BEHIND * sizeof(T); ++i) {
            if (behind[i] != PATTERN) exit(3);
        }
        free(data);
    }
    const Memory& read() const {
        if (fread(data, sizeof(T), count, in) != count) exit(2);
        return *this;
    }
    void write() const { fwrite(data, sizeof(T), count, out); }
};

// What the kernels of a unit are called in this file.
template <class T>
struct Kernels {
    void (*values)(nl::Batch<T>, T*);
    void (*gradients)(nl::Batch<T>, T*, T*);
    void (*hessians)(nl::Batch<T>, nl::Along<T>, T*);
    void (*products)(nl::Batch<T>, const T*, T*);
    void (*sums)(nl::Batch<T>, nl::Along<T>, unsigned, double*);
    void (*mean)(const double*, unsigned, unsigned, unsigned, double*);
    unsigned dim, numbers, integers, parts;
};

template <class T>
void answer(const Request& request, const Kernels<T>& kernels) {
    const size_t n = request.samples, m = kernels.dim;
    const Memory<T> predictions(n * m), labels(n * kernels.numbers);
    const Memory<int> integers(n * kernels.integers);
    const Memory<T> parameters(request.parameters), vectors(request.kind == PRODUCTS ? n * m : 0);
    predictions.read(), labels.read(), integers.read(), parameters.read(), vectors.read();

    const Index3 block{request.block_x, request.block_y, 1};
    const size_t threads = (size_t)request.grid * block.x * block.y;
    const Memory<T> active(threads * request.slots[0] * kernels.parts), passive(threads * request.slots[1]);
    const Memory<int> saved(threads * request.slots[2]);
    nl::Status status{~0ull, ~0u, {0, 0, 0}, 0, 0};
    const nl::Scratch<T> scratch{active.data, passive.data, saved.data, request.slots[0], request.slots[1], request.slots[2]};
    const nl::Batch<T> batch{predictions.data, labels.data, integers.data, parameters.data, scratch, &status, request.samples};

    const unsigned chunks = (request.samples + request.chunk - 1) / request.chunk;
    const bool mean = request.kind == MEAN;
    const bool each = request.kind == HESSIANS;
    const Memory<T> values(request.kind == VALUES || request.kind == GRADIENTS ? n : 0);
    const Memory<T> others(each ? n * m * m : request.kind == GRADIENTS || request.kind == PRODUCTS ? n * m : 0);
    const Memory<double> sums(mean ? chunks * m * m : 0), means(mean ? m * m : 0);
    shim::launch(request.grid, block, mean, [&] {
        switch (request.kind) {
            case VALUES: return kernels.values(batch, values.data);
            case GRADIENTS: return kernels.gradients(batch, values.data, others.data);
            case HESSIANS: return kernels.hessians(batch, {nullptr, nullptr}, others.data);
            case PRODUCTS: return kernels.products(batch, vectors.data, others.data);
            case MEAN: return kernels.sums(batch, {nullptr, nullptr}, request.chunk, sums.data);
        }
    });
    if (mean) {
        shim::launch(request.grid, block, false, [&] {
            kernels.mean(sums.data, chunks, request.samples, kernels.dim, means.data);
        });
    }
    fwrite(&status, sizeof status, 1, out);
    values.write();
    others.write();
    means.write();
}

// Kernels by unit, for `float` and for `double`.
template <class F, class D>
int run(int argc, char** argv, const F& single, const D& wide) {
    if (argc != 3) return 1;
    in = fopen(argv[1], "rb");
    out = fopen(argv[2], "wb");
    if (!in || !out) return 1;
    Request request;
    while (fread(&request, sizeof request, 1, in) == 1) {
        if (request.element == 0) {
            answer(request, single[request.unit]);
        } else {
            answer(request, wide[request.unit]);
        }
    }
    return fclose(out);
}

}  // namespace host
