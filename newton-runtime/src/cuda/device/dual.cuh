// A number with K tangents: one value and its derivatives along K directions. The generated gradient on duals gives K columns of the
// Hessian.

namespace nl {

// Derivatives of functions of two numbers, which are builtins.
template <class S> NL_FN S atan2_d(S y, S x);
template <class S> NL_FN S atan2_d2(S y, S x);
template <class S> NL_FN S hypot_d(S a, S b);
template <class S> NL_FN S hypot_d2(S a, S b);
template <class S> NL_FN S pow_d(S x, S p);
template <class S> NL_FN S pow_d2(S x, S p);
template <class P> NL_FN P larger(P a, P b);

template <class T, int K>
struct Dual {
    T value;
    T tangents[K];

    Dual() = default;
    // Its tangents are zero.
    explicit NL_FN Dual(T x) : value(x) {
        for (int k = 0; k < K; ++k) tangents[k] = T(0);
    }

    // The result of a function of this number, given its value and its derivative here.
    NL_FN Dual chain(T f, T df) const {
        Dual out;
        out.value = f;
        for (int k = 0; k < K; ++k) out.tangents[k] = tangents[k] * df;
        return out;
    }
    // The same for a function of two numbers.
    NL_FN Dual chain2(const Dual& other, T f, T da, T db) const {
        Dual out;
        out.value = f;
        for (int k = 0; k < K; ++k) out.tangents[k] = tangents[k] * da + other.tangents[k] * db;
        return out;
    }

    NL_FN Dual& operator+=(const Dual& b) {
        value += b.value;
        for (int k = 0; k < K; ++k) tangents[k] += b.tangents[k];
        return *this;
    }
    NL_FN Dual& operator-=(const Dual& b) {
        value -= b.value;
        for (int k = 0; k < K; ++k) tangents[k] -= b.tangents[k];
        return *this;
    }
    NL_FN Dual& operator+=(T b) {
        value += b;
        return *this;
    }
    NL_FN Dual& operator-=(T b) {
        value -= b;
        return *this;
    }
    NL_FN Dual& operator*=(const Dual& b) { return *this = *this * b; }
    NL_FN Dual& operator/=(const Dual& b) { return *this = *this / b; }
    NL_FN Dual& operator*=(T b) { return *this = *this * b; }
    NL_FN Dual& operator/=(T b) { return *this = *this / b; }

    friend NL_FN Dual operator-(const Dual& a) { return a.chain(-a.value, T(-1)); }
    friend NL_FN Dual operator+(Dual a, const Dual& b) { return a += b; }
    friend NL_FN Dual operator-(Dual a, const Dual& b) { return a -= b; }
    friend NL_FN Dual operator+(Dual a, T b) { return a += b; }
    friend NL_FN Dual operator-(Dual a, T b) { return a -= b; }
    friend NL_FN Dual operator+(T a, Dual b) { return b += a; }
    friend NL_FN Dual operator-(T a, const Dual& b) { return b.chain(a - b.value, T(-1)); }
    friend NL_FN Dual operator*(const Dual& a, const Dual& b) {
        return a.chain2(b, a.value * b.value, b.value, a.value);
    }
    friend NL_FN Dual operator*(const Dual& a, T b) { return a.chain(a.value * b, b); }
    friend NL_FN Dual operator*(T a, const Dual& b) { return b.chain(a * b.value, a); }
    friend NL_FN Dual operator/(const Dual& a, const Dual& b) {
        const T quotient = a.value / b.value, r = T(1) / b.value;
        return a.chain2(b, quotient, r, -quotient * r);
    }
    friend NL_FN Dual operator/(const Dual& a, T b) { return a.chain(a.value / b, T(1) / b); }
    friend NL_FN Dual operator/(T a, const Dual& b) {
        const T quotient = a / b.value;
        return b.chain(quotient, -quotient * (T(1) / b.value));
    }
};

template <class T, int K>
struct Traits<Dual<T, K>> {
    using Passive = T;
    static constexpr bool HAS_TANGENTS = true;
};

template <class T, int K> NL_FN T value(const Dual<T, K>& x) { return x.value; }
template <class T, int K> NL_FN Dual<T, K> chain(const Dual<T, K>& x, T f, T df) { return x.chain(f, df); }
template <class T, int K>
NL_FN Dual<T, K> chain2(const Dual<T, K>& a, const Dual<T, K>& b, T f, T da, T db) {
    return a.chain2(b, f, da, db);
}

// `sum += a * b`: one instruction per tangent and factor.
template <class T, int K>
NL_FN void add_product(Dual<T, K>& sum, const Dual<T, K>& a, const Dual<T, K>& b) {
    const T x = a.value, y = b.value;
    for (int k = 0; k < K; ++k) sum.tangents[k] = a.tangents[k] * y + (b.tangents[k] * x + sum.tangents[k]);
    sum.value += x * y;
}
template <class T, int K>
NL_FN void add_product(Dual<T, K>& sum, const Dual<T, K>& a, T b) {
    for (int k = 0; k < K; ++k) sum.tangents[k] += a.tangents[k] * b;
    sum.value += a.value * b;
}
template <class T, int K>
NL_FN void add_product(Dual<T, K>& sum, T a, const Dual<T, K>& b) {
    add_product(sum, b, a);
}
template <class T, int K>
NL_FN void sub_product(Dual<T, K>& sum, const Dual<T, K>& a, const Dual<T, K>& b) {
    const T x = -a.value, y = -b.value;
    for (int k = 0; k < K; ++k) sum.tangents[k] = a.tangents[k] * y + (b.tangents[k] * x + sum.tangents[k]);
    sum.value += x * b.value;
}
template <class T, int K>
NL_FN Dual<T, K> mul_add(const Dual<T, K>& x, const Dual<T, K>& a, Dual<T, K> b) {
    add_product(b, x, a);
    return b;
}

// Functions of one number: its value `x`, the function's value `f`, the derivative.
#define NL_RULE(name, derivative)                       \
    template <class T, int K>                           \
    NL_FN Dual<T, K> name(const Dual<T, K>& of) {       \
        const T x = of.value, f = name(x);              \
        (void)x;                                        \
        return of.chain(f, derivative);                 \
    }
NL_RULE(exp, f)
NL_RULE(exp_m1, exp(x))
NL_RULE(exp2, f * T(0.6931471805599453))
NL_RULE(ln, T(1) / x)
NL_RULE(ln_1p, T(1) / (x + T(1)))
NL_RULE(log2, T(1.4426950408889634) / x)
NL_RULE(log10, T(0.4342944819032518) / x)
NL_RULE(sqrt, T(0.5) / f)
NL_RULE(cbrt, T(1.0 / 3.0) / (f * f))
NL_RULE(recip, -f * f)
NL_RULE(abs, sign(x))
NL_RULE(fract, T(1))
NL_RULE(sin, cos(x))
NL_RULE(cos, -sin(x))
NL_RULE(tan, f * f + T(1))
NL_RULE(asin, recip(sqrt((T(1) - x) * (T(1) + x))))
NL_RULE(acos, -recip(sqrt((T(1) - x) * (T(1) + x))))
NL_RULE(atan, recip(x * x + T(1)))
NL_RULE(sinh, cosh(x))
NL_RULE(cosh, sinh(x))
NL_RULE(tanh, T(1) - f * f)
NL_RULE(asinh, recip(sqrt(x * x + T(1))))
NL_RULE(acosh, recip(sqrt((x - T(1)) * (x + T(1)))))
NL_RULE(atanh, recip((T(1) - x) * (T(1) + x)))
#undef NL_RULE

template <class T, int K>
NL_FN Dual<T, K> powi(const Dual<T, K>& of, integer n) {
    const T x = of.value;
    return of.chain(power(x, n), n == 0 ? T(0) : power(x, n - 1) * T(n));
}
// An exponent that differs between samples.
template <class S>
NL_FN S powi(const S& x, Int n) {
    return powi(x, integer(n.value));
}
template <class T, int K>
NL_FN Dual<T, K> powf(const Dual<T, K>& of, T p) {
    const T x = of.value;
    return of.chain(powf(x, p), powf(x, p - T(1)) * p);
}

// Functions of two numbers.
#define NL_RULE2(name, function, da, db)                                      \
    template <class T, int K>                                                 \
    NL_FN Dual<T, K> name(const Dual<T, K>& first, const Dual<T, K>& second) { \
        const T a = first.value, b = second.value;                            \
        return first.chain2(second, function(a, b), da, db);                  \
    }
NL_RULE2(pow, powf, pow_d(a, b), pow_d2(a, b))
NL_RULE2(atan2, atan2, atan2_d(a, b), atan2_d2(a, b))
NL_RULE2(hypot, hypot, hypot_d(a, b), hypot_d2(a, b))
NL_RULE2(max, max, larger(a, b), T(1) - larger(a, b))
NL_RULE2(min, min, larger(b, a), T(1) - larger(b, a))
#undef NL_RULE2

}  // namespace nl
