#include "rewrite.h"

#include <cctype>
#include <string_view>

namespace emulator {
namespace {

struct Token {
    size_t start, end;
};

// Words, numbers, literals and single characters. Preprocessed text has no comments; lines that begin with `#` are markers, and skipped.
std::vector<Token> tokens_of(const std::string& text) {
    std::vector<Token> tokens;
    const auto word = [](char c) { return std::isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80); };
    bool line_begins = true;
    for (size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '\n') {
            line_begins = true, ++i;
        } else if (std::isspace((unsigned char)c)) {
            ++i;
        } else if (c == '#' && line_begins) {
            i = std::min(text.find('\n', i), text.size());
        } else {
            line_begins = false;
            const size_t start = i;
            if (std::isdigit((unsigned char)c)) {
                // With separators and exponents.
                while (i < text.size() && (word(text[i]) || text[i] == '.' || (text[i] == '\'' && i + 1 < text.size() && word(text[i + 1])))) ++i;
            } else if (word(c)) {
                while (i < text.size() && word(text[i])) ++i;
                const std::string_view prefix(&text[start], i - start);
                if (i < text.size() && text[i] == '"' && !prefix.empty() && prefix.back() == 'R' && prefix.size() <= 3) {
                    const size_t open = text.find('(', i);
                    const std::string close = ")" + text.substr(i + 1, open - i - 1) + "\"";
                    i = std::min(text.find(close, open) + close.size(), text.size());
                }
            } else if (c == '"' || c == '\'') {
                for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i) i += text[i] == '\\';
                ++i;
            } else {
                ++i;
            }
            tokens.push_back({start, std::min(i, text.size())});
        }
    }
    return tokens;
}

class Rewriter {
    const std::string& text;
    const std::vector<Token> tokens;
    std::string out, table;
    size_t copied = 0;  // up to here `text` is in `out`
    unsigned counter = 0;
    Rewritten result;

    std::string_view at(size_t i) const {
        return i < tokens.size() ? std::string_view(text).substr(tokens[i].start, tokens[i].end - tokens[i].start) : std::string_view();
    }
    bool is_word(size_t i) const {
        const char c = i < tokens.size() ? text[tokens[i].start] : ' ';
        return std::isalpha((unsigned char)c) || c == '_';
    }
    // Behind the bracket that closes the one at `i`.
    size_t behind(size_t i) const {
        int depth = 0;
        for (; i < tokens.size(); ++i) {
            const std::string_view t = at(i);
            depth += t == "(" || t == "[" || t == "{";
            depth -= t == ")" || t == "]" || t == "}";
            if (depth == 0) return i + 1;
        }
        return i;
    }
    std::string source(size_t from, size_t to) const {
        return from < to ? text.substr(tokens[from].start, tokens[to - 1].end - tokens[from].start) : "";
    }
    // Replaces tokens; ends of lines among them stay.
    void replace(size_t from, size_t to, const std::string& by) {
        const size_t start = tokens[from].start, end = tokens[to - 1].end;
        out.append(text, copied, start - copied);
        out += by;
        for (size_t i = start; i < end; ++i) {
            if (text[i] == '\n') out += '\n';
        }
        copied = end;
    }
    void insert_behind(size_t i, const std::string& what) {
        out.append(text, copied, tokens[i].end - copied);
        out += what;
        copied = tokens[i].end;
    }

    // Where the declaration begins that token `i` is part of: words before it, and attributes.
    size_t start_of(size_t i) const {
        while (i > 0) {
            if (is_word(i - 1)) {
                --i;
            } else if (at(i - 1) == ")") {
                int depth = 0;
                size_t open = i - 1;
                for (; open > 0; --open) {
                    depth += at(open) == ")", depth -= at(open) == "(";
                    if (depth == 0) break;
                }
                if (open == 0 || (at(open - 1) != "__attribute__" && at(open - 1) != "alignas")) break;
                i = open - 1;
            } else {
                break;
            }
        }
        return i;
    }

    // `i`: __shared__. Gives the token that ends the declaration.
    size_t shared(size_t i) {
        const size_t first = start_of(i);
        bool dynamic = false, is_static = false;
        size_t end = i;
        while (end < tokens.size() && at(end) != ";") end = at(end) == "(" || at(end) == "[" || at(end) == "{" ? behind(end) : end + 1;
        size_t stop = i + 1;
        while (stop < end && at(stop) != "[" && at(stop) != "=" && at(stop) != "," && at(stop) != "{") {
            stop = at(stop) == "(" ? behind(stop) : stop + 1;
        }
        for (size_t k = first; k < stop; ++k) dynamic |= at(k) == "extern", is_static |= at(k) == "static";
        if (dynamic) {
            std::string type;
            for (size_t k = first; k + 1 < stop; ++k) {
                if (at(k) == "__attribute__" || at(k) == "alignas") {
                    k = behind(k + 1) - 1;
                } else if (at(k) != "extern" && at(k) != "__shared__") {
                    type += std::string(at(k)) + " ";
                }
            }
            const std::string name(at(stop - 1));
            replace(first, end, type + "(* const " + name + ")" + source(std::min(behind(stop), end), end) +
                                    " = reinterpret_cast<" + type + "(*)" + source(std::min(behind(stop), end), end) +
                                    ">(::emulator::dynamic_shared)");
            return end;
        }
        replace(i, i + 1, is_static ? "" : "static");
        // Every declarator's name: the last word before a bracket, an initialiser or a comma.
        std::string all;
        for (size_t k = i + 1, name = 0; k <= end && k < tokens.size();) {
            const std::string_view t = at(k);
            if (t == "[" || t == "=" || t == "," || t == ";" || t == "{") {
                if (name) {
                    const std::string variable(at(name));
                    all += (all.empty() ? "" : ", ") + ("emulator_watched" + std::to_string(counter++)) + " = ::emulator::shared_variable<sizeof(" +
                           variable + ")>((void*)__builtin_addressof(" + variable + "))";
                }
                if (t == "=" || t == "{") {
                    all += ", emulator_wrong = [] { static_assert(false, \"a __shared__ variable has no initializer\"); return true; }()";
                }
                name = 0;
                while (k < end && at(k) != "," && at(k) != ";") k = at(k) == "[" || at(k) == "(" || at(k) == "{" ? behind(k) : k + 1;
                ++k;
            } else if (t == "(" || t == "<") {
                if (t == "(") {
                    k = behind(k);
                } else {
                    int depth = 0;
                    do depth += at(k) == "<", depth -= at(k) == ">", ++k;
                    while (depth > 0 && k < end);
                }
            } else {
                if (is_word(k)) name = k;
                ++k;
            }
        }
        if (end < tokens.size() && !all.empty()) insert_behind(end, " [[maybe_unused]] static const bool " + all + ";");
        return end;
    }

    // `i`: __global__. A definition or declaration of a kernel.
    size_t global(size_t i, bool is_c, const std::string& scope) {
        replace(i, i + 1, "");
        std::string bound = "0", name;
        size_t k = i + 1;
        for (; k < tokens.size() && at(k) != "(" && at(k) != ";" && at(k) != "{"; ++k) {
            if (at(k) == "__launch_bounds__") {
                const size_t end = behind(k + 1);
                size_t comma = k + 2;
                while (comma < end - 1 && at(comma) != ",") comma = at(comma) == "(" ? behind(comma) : comma + 1;
                bound = source(k + 2, comma);
                replace(k, end, "");
                k = end - 1;
            } else if (at(k) == "__attribute__") {
                k = behind(k + 1) - 1;
            } else if (is_word(k)) {
                name = at(k);
            }
        }
        if (!is_c || at(k) != "(") return k;
        size_t body = behind(k);
        if (at(body) != "{") return k;
        result.kernels.push_back(name);
        entry(name, scope + name, bound);
        return k;
    }
    void entry(const std::string& name, const std::string& expression, const std::string& bound) {
        table += "    {\"" + name + "\", emulator::Adapter<" + expression + ">::run, emulator::Adapter<" + expression +
                 ">::SIZES, emulator::Adapter<" + expression + ">::COUNT, (unsigned)(" + bound + ")},\n";
    }

public:
    explicit Rewriter(const std::string& text) : text(text), tokens(tokens_of(text)) {}

    Rewritten run(const std::vector<std::string>& expressions) {
        int depth = 0;
        std::vector<int> c_blocks;                             // at which depths `extern "C" {` began,
        std::vector<std::pair<int, std::string>> namespaces;  // and named namespaces
        size_t statement = 0;       // where the statement begins
        for (size_t i = 0; i < tokens.size(); ++i) {
            const std::string_view t = at(i);
            if (t == "{") {
                if (i >= 2 && at(i - 1) == "\"C\"" && at(i - 2) == "extern") c_blocks.push_back(depth);
                size_t k = i;
                while (k > 0 && (is_word(k - 1) || at(k - 1) == ":") && at(k - 1) != "namespace") --k;
                if (k > 0 && k < i && at(k - 1) == "namespace") namespaces.push_back({depth, source(k, i)});
                ++depth, statement = i + 1;
            } else if (t == "}") {
                --depth, statement = i + 1;
                if (!c_blocks.empty() && c_blocks.back() == depth) c_blocks.pop_back();
                if (!namespaces.empty() && namespaces.back().first == depth) namespaces.pop_back();
            } else if (t == ";" || t == ")" || t == ":") {
                statement = i + 1;
            } else if (t == "__shared__") {
                i = shared(i);
                statement = i + 1;
            } else if (t == "__global__") {
                bool is_c = !c_blocks.empty() && c_blocks.back() == depth - 1;
                for (size_t k = statement; k < i; ++k) is_c |= at(k) == "\"C\"";
                std::string scope = "::";
                for (const auto& [_, name] : namespaces) scope += name + "::";
                i = global(i, is_c, scope) - 1;
            } else if (t == "__launch_bounds__") {
                const size_t end = behind(i + 1);
                replace(i, end, "");
                i = end - 1;
            }
        }
        out.append(text, copied, std::string::npos);
        for (size_t i = 0; i < expressions.size(); ++i) {
            entry("emulated" + std::to_string(i), "(" + expressions[i] + ")", "0");
        }
        out += "\n# 1 \"kernels\"\nnamespace emulator {\nstatic constexpr Kernel KERNELS[] = {\n" + table +
               "    {nullptr, nullptr, nullptr, 0, 0},\n};\n}\nemulator::Module emulator_module = {emulator::Module::VERSION, "
               "emulator::KERNELS, sizeof emulator::KERNELS / sizeof emulator::KERNELS[0] - 1, &emulator::place, "
               "emulator::dynamic_shared, nullptr, {}, 0};\n";
        result.text = std::move(out);
        return std::move(result);
    }
};

}  // namespace

Rewritten rewrite(const std::string& text, const std::vector<std::string>& expressions) { return Rewriter(text).run(expressions); }

}  // namespace emulator
