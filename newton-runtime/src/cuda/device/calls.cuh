// What calls of functions need: constants as arguments, and products with derivatives that a user wrote.

namespace nl {

// The adjoint of what has none.
struct None {};

// A constant as a function takes it: a number of type S, an integer or a condition.
template <class S> NL_FN S argument(double x) { return S(Passive<S>(x)); }
template <class S> NL_FN integer argument(integer x) { return x; }
template <class S> NL_FN bool argument(bool x) { return x; }
// As one takes it whose integers differ between samples.
template <class S> NL_FN S argument_by_lane(double x) { return S(Passive<S>(x)); }
template <class S> NL_FN Int argument_by_lane(integer x) { return Int(x); }
template <class S> NL_FN bool argument_by_lane(bool x) { return x; }
// Room for its adjoint.
template <class S> NL_FN S adjoint(double) { return S(0); }
template <class S> NL_FN None adjoint(integer) { return None(); }
template <class S> NL_FN None adjoint(bool) { return None(); }

// The values of active numbers.
template <class T, int K, integer N, integer... Rest>
NL_FN Array<T, N, Rest...> value(const Array<Dual<T, K>, N, Rest...>& x) {
    Array<T, N, Rest...> out;
    for (integer i = 0; i < N; ++i) out.at[i] = value(x.at[i]);
    return out;
}
template <integer N, integer... Rest>
NL_FN const Array<float, N, Rest...>& value(const Array<float, N, Rest...>& x) {
    return x;
}
template <integer N, integer... Rest>
NL_FN const Array<double, N, Rest...>& value(const Array<double, N, Rest...>& x) {
    return x;
}

// Adds the tangents of a function of `x`, given its derivative.
template <class T, int K>
NL_FN void chain_all(Dual<T, K>& result, const Dual<T, K>& x, T derivative) {
    result += x.chain(T(0), derivative);
}
template <class T, int K, integer N, integer... Rest>
NL_FN void chain_all(Dual<T, K>& result, const Array<Dual<T, K>, N, Rest...>& x, const Array<T, N, Rest...>& derivative) {
    for (integer i = 0; i < N; ++i) chain_all(result, x.at[i], derivative.at[i]);
}

// `into += by * factor`, element by element.
template <class S>
NL_FN void add_scaled_all(S& into, const S& by, const S& factor) {
    add_product(into, by, factor);
}
template <class S, integer N, integer... Rest>
NL_FN void add_scaled_all(Array<S, N, Rest...>& into, const Array<S, N, Rest...>& by, const S& factor) {
    for (integer i = 0; i < N; ++i) add_scaled_all(into.at[i], by.at[i], factor);
}

}  // namespace nl
