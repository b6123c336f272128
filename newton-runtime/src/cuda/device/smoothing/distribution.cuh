// Distributions of noise at scale 1: `smoothing::Distribution`, numbered in its order.

namespace nl {
namespace smoothing {

enum Distribution : unsigned int { GAUSSIAN, LOGISTIC, GUMBEL, CAUCHY, LAPLACE, TRIANGULAR };

// The polynomial whose coefficients, from the constant on, are given.
template <int N>
NL_FN double polynomial(const double (&c)[N], double x) {
    double sum = c[N - 1];
    for (int i = N - 2; i >= 0; --i) sum = sum * x + c[i];
    return sum;
}

// Of the normal distribution, to a few units in the last place: Wichura, Algorithm AS 241, Applied Statistics 37 (1988), PPND16.
NL_FN double normal_quantile(double u) {
    constexpr double A[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                            4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
    constexpr double B[] = {1.0,                      4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                            2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3};
    constexpr double C[] = {1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
                            1.27045825245236838258e0,  2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
    constexpr double D[] = {1.0,                       2.05319162663775882187e0,  1.67638483018380384940e0,  6.89767334985100004550e-1,
                            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
    constexpr double E[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,  2.96560571828504891230e-1,
                            2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
    constexpr double F[] = {1.0,                       5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                            7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};
    const double q = u - 0.5;
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * (polynomial(A, r) / polynomial(B, r));
    }
    const double r = ::sqrt(-::log(q < 0 ? u : 1.0 - u));
    const double z = r <= 5.0 ? polynomial(C, r - 1.6) / polynomial(D, r - 1.6) : polynomial(E, r - 5.0) / polynomial(F, r - 5.0);
    return q < 0 ? -z : z;
}

// The number below which noise lies with probability `u`, 0 < u < 1.
NL_FN double quantile(unsigned int distribution, double u) {
    switch (distribution) {
        case GAUSSIAN: return normal_quantile(u);
        case LOGISTIC: return ::log(u) - ::log1p(-u);
        case GUMBEL: return -::log(-::log(u));
        case CAUCHY: return ::tan(3.14159265358979323846 * (u - 0.5));
        case LAPLACE: return u < 0.5 ? ::log(2.0 * u) : -::log(2.0 * (1.0 - u));
        default: return u < 0.5 ? ::sqrt(2.0 * u) - 1.0 : 1.0 - ::sqrt(2.0 * (1.0 - u));
    }
}

// The mirror image about 0, or where the distribution is not symmetric about it, about the median.
NL_FN double mirror(unsigned int distribution, double z) {
    if (distribution != GUMBEL) return -z;
    // exp(-e^-z) = u and 1 - u
    const double u = -::expm1(-::exp(-z));
    return quantile(GUMBEL, u < 1e-300 ? 1e-300 : u > 1.0 - 1e-16 ? 1.0 - 1e-16 : u);
}

NL_FN double sign_of(double z) { return z > 0.0 ? 1.0 : z < 0.0 ? -1.0 : 0.0; }

// nu'(z), with exp(-nu) the density.
NL_FN double score(unsigned int distribution, double z) {
    switch (distribution) {
        case GAUSSIAN: return z;
        case LOGISTIC: return ::tanh(0.5 * z);
        case GUMBEL: return -::expm1(-z);
        case CAUCHY: return 2.0 * z / (1.0 + z * z);
        case LAPLACE: return sign_of(z);
        default: return sign_of(z) / (1.0 - fabs(z));
    }
}

// nu''(z), where the score does not jump.
NL_FN double curvature(unsigned int distribution, double z) {
    switch (distribution) {
        case GAUSSIAN: return 1.0;
        case LOGISTIC: {
            const double c = ::cosh(0.5 * z);
            return 0.5 / (c * c);
        }
        case GUMBEL: return ::exp(-z);
        default: {
            const double square = 1.0 + z * z;
            return 2.0 * (1.0 - z * z) / (square * square);
        }
    }
}

// All of these of given numbers, one after the other: for tests.
NL_FN void functions_of(unsigned int distribution, unsigned int count, const double* x, double* y) {
    for (unsigned long long i = thread_of_line(); i < count; i += threads_of_line()) {
        y[i] = quantile(distribution, x[i]);
        y[count + i] = mirror(distribution, y[i]);
        y[2ull * count + i] = score(distribution, y[i]);
        y[3ull * count + i] = curvature(distribution, y[i]);
    }
}

}  // namespace smoothing
}  // namespace nl
