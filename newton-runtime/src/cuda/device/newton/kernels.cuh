// The kernels, for numbers of type `Element`. What they do, the functions say that they call.

namespace nl::newton {

#define NL_KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)

NL_KERNEL(nl::newton::TILE_THREADS) gram_rows(const Element* gradients, unsigned int size, unsigned int length, unsigned int chunk, double* sums) {
    gram<Element, false>(gradients, size, length, chunk, sums);
}
NL_KERNEL(nl::newton::TILE_THREADS) gram_columns(const Element* gradients, unsigned int size, unsigned int length, unsigned int chunk, double* sums) {
    gram<Element, true>(gradients, size, length, chunk, sums);
}
NL_KERNEL(256) hessian_chunks(const Element* hessians, unsigned int samples, unsigned int entries, unsigned int chunk, double* sums,
                              Report* report) {
    hessian_mean(hessians, samples, entries, chunk, sums, report);
}
NL_KERNEL(256) curvature_of(const double* sums, unsigned int chunks, unsigned int lanes, unsigned int size, double factor, double lambda,
                            double* c, Report* report) {
    curvature(sums, chunks, lanes, size, factor, lambda, c, report);
}

NL_KERNEL(1024) factor_one(const Problem problem, unsigned int matrices, unsigned int only_failed, const Kept to) {
    if (only_failed && to.outcome->method != FAILED) return;
    factor_batch(problem, matrices, of_bits(to.report->largest), of_bits(to.report->shifted), to);
}
NL_KERNEL(256) factor_small(const Problem problem, const double* sums, unsigned int chunks, double by, unsigned int matrices, const Kept to) {
    factor_sums(problem, sums, chunks, by, matrices, to);
}
NL_KERNEL(nl::newton::PANEL_THREADS) cholesky_panel(const Large large, unsigned int from, unsigned int last) { panel(large, from, last != 0); }
NL_KERNEL(nl::newton::TILE_THREADS) cholesky_update(const Large large, unsigned int from) { update(large, from); }

#define NL_SOLVE(name, R)                                                                          \
    NL_KERNEL(256) rows_##name(const Batch<Element> batch, const Kept from) {                       \
        if (!has_factors(from.outcome->method)) return lost(batch);                                 \
        solve_rows<R>(batch, factors_of(from, batch.dim));                                          \
    }                                                                                               \
    NL_KERNEL(256) columns_##name(const Batch<Element> batch, const Kept from, double* wide) {      \
        if (!has_factors(from.outcome->method)) return lost(wide, (size_t)batch.samples * batch.dim); \
        solve_columns<R>(batch, factors_of(from, batch.samples), wide);                             \
    }
NL_SOLVE(one, 1)
NL_SOLVE(four, 4)
#undef NL_SOLVE

NL_KERNEL(1024) solve_every(const Batch<Element> batch, const Element* hessians, const Problem problem, unsigned int matrices,
                            double* global, Outcome* outcomes) {
    solve_each(batch, hessians, problem, matrices, global, outcomes);
}
NL_KERNEL(256) solve_rank_one(const Batch<Element> batch, double lambda) { rank_one(batch, lambda); }
NL_KERNEL(256) evidence_of(const Element* numbers, unsigned long long count, const Report* report, double* evidence) {
    keep_evidence(numbers, count, report, evidence);
}
NL_KERNEL(256) finish_step(const Batch<Element> batch, const double* wide) { finish_all(batch, wide); }
NL_KERNEL(256) add_directions(const Element* directions, const Element* upstream, double divisor, unsigned long long count,
                              const Report* report, Element* into) {
    add_scaled(directions, upstream, divisor, count, report, into);
}

#undef NL_KERNEL

}  // namespace nl::newton
