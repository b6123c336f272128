// Reads what is to be computed from one file, launches, and writes results to another: numbers as they lie in memory.
#pragma once

namespace host {

struct Request {
    unsigned unit, element, kind, samples, grid, block_x, block_y, chunk;
    unsigned slots[3], parameters;
};
enum Kind : unsigned { VALUES, GRADIENTS, HESSIANS, PRODUCTS, MEAN };

inline FILE *in, *out;

template <class T>
std::vector<T> read(size_t count) {
    std::vector<T> all(count);
    if (fread(all.data(), sizeof(T), count, in) != count) exit(2);
    return all;
}
// Memory that kernels write is longer than it has to be; nothing may be written behind its end.
template <class T>
struct Output {
    static constexpr unsigned char PATTERN = 0xa5;
    std::vector<T> all;
    size_t count;
    explicit Output(size_t count) : all(count + 64), count(count) { memset((void*)all.data(), PATTERN, all.size() * sizeof(T)); }
    void write() const {
        const unsigned char* behind = reinterpret_cast<const unsigned char*>(all.data() + count);
        for (size_t i = 0; i < 64 * sizeof(T); ++i) {
            if (behind[i] != PATTERN) exit(3);
        }
        fwrite(all.data(), sizeof(T), count, out);
    }
};

// What the kernels of a unit are called in this file.
template <class T>
struct Kernels {
    void (*values)(nl::Batch<T>, T*);
    void (*gradients)(nl::Batch<T>, T*, T*);
    void (*hessians)(nl::Batch<T>, T*);
    void (*products)(nl::Batch<T>, const T*, T*);
    void (*sums)(nl::Batch<T>, unsigned, double*);
    void (*mean)(const double*, unsigned, unsigned, unsigned, double*);
    unsigned dim, numbers, integers, parts;
};

template <class T>
void answer(const Request& request, const Kernels<T>& kernels) {
    const size_t n = request.samples, m = kernels.dim;
    const std::vector<T> predictions = read<T>(n * m), labels = read<T>(n * kernels.numbers);
    const std::vector<int> integers = read<int>(n * kernels.integers);
    const std::vector<T> parameters = read<T>(request.parameters);
    const std::vector<T> vectors = read<T>(request.kind == PRODUCTS ? n * m : 0);

    const Index3 block{request.block_x, request.block_y, 1};
    const size_t threads = (size_t)request.grid * block.x * block.y;
    std::vector<T> active(threads * request.slots[0] * kernels.parts), passive(threads * request.slots[1]);
    std::vector<int> saved(threads * request.slots[2]);
    nl::Status status{~0ull, ~0u, {0, 0, 0}};
    const nl::Scratch<T> scratch{active.data(), passive.data(), saved.data(), request.slots[0], request.slots[1], request.slots[2]};
    const nl::Batch<T> batch{predictions.data(), labels.data(), integers.data(), parameters.data(), scratch, &status, request.samples};

    const unsigned chunks = (request.samples + request.chunk - 1) / request.chunk;
    const bool mean = request.kind == MEAN;
    const bool each = request.kind == HESSIANS;
    Output<T> values(request.kind == VALUES || request.kind == GRADIENTS ? n : 0);
    Output<T> others(each ? n * m * m : request.kind == GRADIENTS || request.kind == PRODUCTS ? n * m : 0);
    Output<double> sums(mean ? chunks * m * m : 0), means(mean ? m * m : 0);
    shim::launch(request.grid, block, mean, [&] {
        switch (request.kind) {
            case VALUES: return kernels.values(batch, values.all.data());
            case GRADIENTS: return kernels.gradients(batch, values.all.data(), others.all.data());
            case HESSIANS: return kernels.hessians(batch, others.all.data());
            case PRODUCTS: return kernels.products(batch, vectors.data(), others.all.data());
            case MEAN: return kernels.sums(batch, request.chunk, sums.all.data());
        }
    });
    if (mean) {
        shim::launch(request.grid, block, false, [&] {
            kernels.mean(sums.all.data(), chunks, request.samples, kernels.dim, means.all.data());
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
