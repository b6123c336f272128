// Random numbers that are a function of where they stand: ChaCha with 8 rounds, 64 bits of block counter and 64 bits of stream, as `rand_chacha`
// has it.

namespace nl {
namespace smoothing {

// What noise is: `smoothing::Noise` and a step.
struct Noise {
    unsigned long long seed, step;
    double scale;
    // Of each sample, mirrored ones included; those that are drawn.
    unsigned int samples, drawn;
    unsigned int dim;
    unsigned int distribution, sampling;
    // k of a grid of k^dim cells.
    unsigned int intervals;
};

// Sixteen words: eight uniform numbers.
struct Block {
    static constexpr unsigned int NUMBERS = 8;
    unsigned int words[16];

    // A number strictly between 0 and 1.
    NL_FN double uniform(unsigned int i) const { return ((double)(bits(i) >> 12) + 0.5) / 4503599627370496.0; }
    NL_FN unsigned long long bits(unsigned int i) const {
        return (unsigned long long)words[2 * i + 1] << 32 | words[2 * i];
    }
};

NL_FN void turn(unsigned int& a, unsigned int& b, unsigned int& d, unsigned int by) {
    a += b;
    d ^= a;
    d = d << by | d >> (32 - by);
}
NL_FN void quarter(unsigned int* x, int a, int b, int c, int d) {
    turn(x[a], x[b], x[d], 16);
    turn(x[c], x[d], x[b], 12);
    turn(x[a], x[b], x[d], 8);
    turn(x[c], x[d], x[b], 7);
}

// Block `counter` of a sample's stream.
NL_FN Block block_of(const Noise& noise, unsigned long long sample, unsigned long long counter) {
    const unsigned int start[16] = {
        0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u,
        // "smoothng"
        0x6f6f6d73u, 0x676e6874u, (unsigned int)noise.seed, (unsigned int)(noise.seed >> 32),
        (unsigned int)noise.step, (unsigned int)(noise.step >> 32), 0, 0,
        (unsigned int)counter, (unsigned int)(counter >> 32), (unsigned int)sample, (unsigned int)(sample >> 32),
    };
    Block block;
    unsigned int* x = block.words;
    for (int i = 0; i < 16; ++i) x[i] = start[i];
    for (int round = 0; round < 4; ++round) {
        quarter(x, 0, 4, 8, 12);
        quarter(x, 1, 5, 9, 13);
        quarter(x, 2, 6, 10, 14);
        quarter(x, 3, 7, 11, 15);
        quarter(x, 0, 5, 10, 15);
        quarter(x, 1, 6, 11, 12);
        quarter(x, 2, 7, 8, 13);
        quarter(x, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; ++i) x[i] += start[i];
    return block;
}

// The first `count` 64-bit words of a sample's stream.
NL_FN void stream(const Noise& noise, unsigned long long sample, unsigned int count, unsigned long long* words) {
    for (unsigned int i = thread_of_line(); i < count; i += threads_of_line()) {
        words[i] = block_of(noise, sample, i / Block::NUMBERS).bits(i % Block::NUMBERS);
    }
}

}  // namespace smoothing
}  // namespace nl
