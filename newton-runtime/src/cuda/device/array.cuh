// Arrays of any rank with checked indices, and tuples of constants.

namespace nl {

template <class T, integer N, integer... Rest>
struct Array;

template <class T, integer... Rest>
struct ElementOf {
    using Type = Array<T, Rest...>;
};
template <class T>
struct ElementOf<T> {
    using Type = T;
};

// `[[T; M]; N]` is `Array<T, N, M>`, a row of it `Array<T, M>`.
template <class T, integer N, integer... Rest>
struct Array {
    using Element = typename ElementOf<T, Rest...>::Type;
    // C++ has no arrays of length 0.
    Element at[N > 0 ? N : 1];

    NL_CONST Element& operator[](integer i) { return at[checked(i, N)]; }
    NL_CONST const Element& operator[](integer i) const { return at[checked(i, N)]; }
    NL_CONST Element& operator[](Int i) { return at[checked(i.value, N)]; }
    NL_CONST const Element& operator[](Int i) const { return at[checked(i.value, N)]; }
    // An integer literal is either: it is the first.
    NL_CONST Element& operator[](int i) { return at[checked(i, N)]; }
    NL_CONST const Element& operator[](int i) const { return at[checked(i, N)]; }
};

template <class T, integer N, integer... Rest>
NL_CONST integer len(const Array<T, N, Rest...>&) {
    return N;
}

// Flat memory as an array.
template <class A, class T>
NL_FN const A& view(const T* flat) {
    return *reinterpret_cast<const A*>(flat);
}
template <class A, class T>
NL_FN A& view(T* flat) {
    return *reinterpret_cast<A*>(flat);
}

// Conversions of a number, an integer or an array of them to another type: passive to active, uniform to varying.
template <class To>
struct Convert {
    template <class From>
    static NL_FN To from(const From& x) {
        return To(x);
    }
};
template <class T, integer N, integer... Rest>
struct Convert<Array<T, N, Rest...>> {
    template <class From>
    static NL_FN Array<T, N, Rest...> from(const From& x) {
        Array<T, N, Rest...> out;
        for (integer i = 0; i < N; ++i) out.at[i] = Convert<typename Array<T, N, Rest...>::Element>::from(x.at[i]);
        return out;
    }
};
template <class To, class From>
NL_FN To to(const From& x) {
    return Convert<To>::from(x);
}

// The same element, or the same row, everywhere.
template <class A, class E>
struct Fill {
    static NL_FN void with(A& x, const E& element) {
        for (auto& part : x.at) Fill<typename A::Element, E>::with(part, element);
    }
};
template <class A>
struct Fill<A, A> {
    static NL_FN void with(A& x, const A& element) { x = element; }
};
template <class A, class E>
NL_FN A filled(const E& element) {
    A out;
    Fill<A, E>::with(out, element);
    return out;
}

// `into += from`, element by element.
template <class T>
NL_FN void add_all(T& into, const T& from) {
    into += from;
}
template <class T, integer N, integer... Rest>
NL_FN void add_all(Array<T, N, Rest...>& into, const Array<T, N, Rest...>& from) {
    for (integer i = 0; i < N; ++i) add_all(into.at[i], from.at[i]);
}

// Tuples of constants.
template <class... T>
struct Tuple;
template <class A, class B>
struct Tuple<A, B> {
    A _0;
    B _1;
};
template <class A, class B, class C>
struct Tuple<A, B, C> {
    A _0;
    B _1;
    C _2;
};
template <class A, class B, class C, class D>
struct Tuple<A, B, C, D> {
    A _0;
    B _1;
    C _2;
    D _3;
};
template <class A, class B, class C, class D, class E>
struct Tuple<A, B, C, D, E> {
    A _0;
    B _1;
    C _2;
    D _3;
    E _4;
};
template <class A, class B, class C, class D, class E, class F>
struct Tuple<A, B, C, D, E, F> {
    A _0;
    B _1;
    C _2;
    D _3;
    E _4;
    F _5;
};

}  // namespace nl
