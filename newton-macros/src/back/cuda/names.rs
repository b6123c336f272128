//! Names of Rust as names of C++.

/// What no variable may be called: keywords and alternative operators of C++20, what CUDA and the device library bring along unqualified,
/// macros of the standard headers, and names of ours in the text around.
const RESERVED: &str = "\
    break const continue do else enum extern false for if return static struct true try while alignas \
    alignof and and_eq asm auto bitand bitor bool case catch char char8_t char16_t char32_t class compl \
    concept consteval constexpr constinit const_cast co_await co_return co_yield decltype default delete \
    double dynamic_cast explicit export float friend goto inline int long mutable namespace new noexcept \
    not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires \
    short signed sizeof static_assert static_cast switch template this thread_local throw typedef typeid \
    typename union unsigned using virtual void volatile wchar_t xor xor_eq threadIdx blockIdx blockDim \
    gridDim warpSize nl size_t NULL NAN INFINITY EOF assert linux unix flat flat_ parameters Loss \
    value_and_gradient";

fn is_reserved(name: &str) -> bool {
    RESERVED.split(' ').any(|word| word == name)
}

/// A name as C++ can have it, still distinct from those for which `taken` holds.
pub fn escaped(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let name = name.trim_start_matches("r#");
    let mut text = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => text.push(c),
            other => text.push_str(&format!("u{:x}", u32::from(other))),
        }
    }
    if text == name && !is_reserved(name) {
        return text;
    }
    while is_reserved(&text) || taken(&text) {
        text.insert_str(0, "v_");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn keywords_and_letters() {
        let free = |_: &str| false;
        assert_eq!(escaped("x", free), "x");
        assert_eq!(escaped("template", free), "v_template");
        assert_eq!(escaped("r#in", free), "in");
        assert_eq!(escaped("r#struct", free), "v_struct");
        assert_eq!(escaped("β", free), "u3b2");
        // A variable of the user's that is called so already.
        assert_eq!(escaped("template", |name| name == "v_template"), "v_v_template");
        assert_eq!(escaped("β", |name| name == "u3b2"), "v_u3b2");
    }
}
