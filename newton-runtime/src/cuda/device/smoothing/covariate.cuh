// What is subtracted from values before they are weighed: `smoothing::Covariate`.

namespace nl {
namespace smoothing {

enum Centre : unsigned int { NOTHING, UNPERTURBED, MEAN, MEAN_OF_OTHERS, MEAN_OF_OTHER_PAIRS };

// `(f_s - c_s) / S` for one of S values, whose mean is `mean`. `partner`: the value of the mirror image.
NL_FN double centred(unsigned int centre, unsigned int samples, double f, double mean, double unperturbed, double partner) {
    const double count = (double)samples;
    switch (centre) {
        case UNPERTURBED: return (f - unperturbed) / count;
        case MEAN: return (f - mean) / count;
        // f_s minus the mean of the others is S / (S - 1) times f_s minus the mean of all.
        case MEAN_OF_OTHERS: return (f - mean) / (samples > 2 ? count - 1.0 : 1.0);
        // The same for the means of pairs, of which both values are part.
        case MEAN_OF_OTHER_PAIRS: {
            const double pairs = (double)(samples / 2), pair = 0.5 * (f + partner);
            const double grown = pairs / (pairs > 2.0 ? pairs - 1.0 : 1.0);
            return (f - pair + grown * (pair - mean)) / count;
        }
        default: return f / count;
    }
}

// A value's mirror image among a sample's.
NL_FN unsigned int partner_of(unsigned int samples, unsigned int s) {
    const unsigned int pairs = samples / 2;
    return s < pairs ? s + pairs : s - pairs;
}

// What black boxes returned, N x rows x outputs: `samples` rows at perturbed arguments, and if there is one more, that at the argument itself.
template <class V>
struct Results {
    const V* all;
    unsigned int samples, rows, outputs;

    NL_FN double at(unsigned long long sample, unsigned int row, unsigned int output) const {
        return (double)all[(sample * rows + row) * outputs + output];
    }
    // `means` is N x outputs.
    NL_FN double weight(unsigned int centre, const double* means, unsigned long long sample, unsigned int s, unsigned int output) const {
        const double unperturbed = centre == UNPERTURBED ? at(sample, samples, output) : 0.0;
        const double partner = centre == MEAN_OF_OTHER_PAIRS ? at(sample, partner_of(samples, s), output) : 0.0;
        return centred(centre, samples, at(sample, s, output), means[sample * outputs + output], unperturbed, partner);
    }
};

// Of single numbers: N x samples.
template <class V>
NL_FN void weigh(const Results<V>& values, unsigned int centre, const double* means, unsigned int samples, double* weights) {
    const unsigned long long jobs = (unsigned long long)samples * values.samples;
    for (unsigned long long job = thread_of_line(); job < jobs; job += threads_of_line()) {
        weights[job] = values.weight(centre, means, job / values.samples, (unsigned int)(job % values.samples), 0);
    }
}

}  // namespace smoothing
}  // namespace nl
