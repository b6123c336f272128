// libnvrtc: compiles at once, so that errors come from where they come with the real one.
#include <cstring>
#include <string>
#include <vector>

#include "compiler/image.h"

using emulator::Source;

namespace {

enum Result { SUCCESS, OUT_OF_MEMORY, PROGRAM_CREATION_FAILURE, INVALID_INPUT, INVALID_PROGRAM, INVALID_OPTION, COMPILATION,
              BUILTIN_OPERATION_FAILURE, NO_NAME_EXPRESSIONS_AFTER_COMPILATION, NO_LOWERED_NAMES_BEFORE_COMPILATION,
              NAME_EXPRESSION_NOT_VALID, INTERNAL_ERROR };

struct Program {
    Source source;
    std::vector<std::string> lowered;
    bool compiled = false;
    std::string log, image;
};

bool starts(const std::string& word, const char* with) { return word.rfind(with, 0) == 0; }

// What NVRTC 13.0 takes, as --name=value, --name value, or -name.
const char* const SWITCHES[] = {"--device-c", "-dc", "--relocatable-device-code", "-rdc", "--extensible-whole-program", "-ewp", "--device-debug", "-G",
    "--generate-line-info", "-lineinfo", "--dopt", "-dopt", "--ptxas-options", "-Xptxas", "--maxrregcount", "-maxrregcount", "--ftz", "-ftz",
    "--prec-sqrt", "-prec-sqrt", "--prec-div", "-prec-div", "--fmad", "-fmad", "--use_fast_math", "-use_fast_math",
    "--extra-device-vectorization", "-extra-device-vectorization", "--modify-stack-limit", "-modify-stack-limit", "--dlink-time-opt", "-dlto",
    "--builtin-move-forward", "-builtin-move-forward", "--builtin-initializer-list", "-builtin-initializer-list", "--disable-warnings", "-w",
    "--restrict", "-restrict", "--device-as-default-execution-space", "-default-device", "--device-int128", "-device-int128",
    "--optimization-info", "-opt-info", "--display-error-number", "-err-no", "--no-display-error-number", "-no-err-no", "--diag-error",
    "-diag-error", "--diag-suppress", "-diag-suppress", "--diag-warn", "-diag-warn", "--brief-diagnostics", "-brief-diag", "--time", "-time",
    "--split-compile", "-split-compile", "--minimal", "-minimal", "--version-ident", "-dQ", "--no-source-include", "-no-source-include",
    "--no-cache", "-no-cache", "--frandom-seed", "-frandom-seed", "--pch", "-pch", "--dump-ptx"};
// Those of them whose value is the next word if there is no `=`.
const char* const VALUES[] = {"--gpu-architecture", "-arch", "--std", "-std", "--include-path", "-I", "--define-macro", "-D", "--undefine-macro", "-U",
    "--pre-include", "-include", "--maxrregcount", "-maxrregcount", "--ptxas-options", "-Xptxas", "--diag-error", "-diag-error",
    "--diag-suppress", "-diag-suppress", "--diag-warn", "-diag-warn", "--dopt", "-dopt", "--optimization-info", "-opt-info"};

template <size_t N>
bool among(const std::string& word, const char* const (&all)[N]) {
    for (const char* one : all) {
        if (word == one) return true;
    }
    return false;
}

// Takes the options over; false and a message if there is one that the real library would not take.
bool take(Source& source, int count, const char* const* options, std::string& message) {
    for (int i = 0; i < count; ++i) {
        std::string name = options[i], value;
        const auto refuse = [&] { return message = "nvrtc: error: unrecognized option " + std::string(options[i]) + " found\n", false; };
        bool joined = false;
        for (const char* letter : {"-I", "-D", "-U"}) {
            if (starts(name, letter) && name.size() > 2) value = name.substr(2), name = letter, joined = true;
        }
        if (const size_t equals = name.find('='); !joined && equals != std::string::npos) value = name.substr(equals + 1), name.resize(equals), joined = true;
        if (among(name, VALUES) && !joined) {
            if (i + 1 == count) return refuse();
            value = options[++i];
        }
        if (name == "--gpu-architecture" || name == "-arch") {
            const size_t digits = value.find_first_of("0123456789");
            const unsigned number = digits == std::string::npos ? 0 : (unsigned)atoi(&value[digits]);
            if ((!starts(value, "sm_") && !starts(value, "compute_")) || number < 75 || number > 121) {
                return message = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n", false;
            }
            source.architecture = number;
        } else if (name == "--std" || name == "-std") {
            if (value != "c++11" && value != "c++14" && value != "c++17" && value != "c++20" && value != "c++03") return refuse();
            // The emulator's own header needs 17.
            source.standard = value == "c++20" ? value : "c++17";
        } else if (name == "--include-path" || name == "-I") {
            source.flags.push_back("-I" + value);
        } else if (name == "--define-macro" || name == "-D") {
            source.flags.push_back("-D" + value);
        } else if (name == "--undefine-macro" || name == "-U") {
            source.flags.push_back("-U" + value);
        } else if (name == "--pre-include" || name == "-include") {
            source.flags.insert(source.flags.end(), {"-include", value});
        } else if (!among(name, SWITCHES)) {
            return refuse();
        }
    }
    return true;
}

Result give(const Program* program, const std::string& text, char* out) {
    if (!program) return INVALID_PROGRAM;
    if (!out) return INVALID_INPUT;
    memcpy(out, text.c_str(), text.size() + 1);
    return SUCCESS;
}
Result give_size(const Program* program, const std::string& text, size_t* out) {
    if (!program) return INVALID_PROGRAM;
    if (!out) return INVALID_INPUT;
    *out = text.size() + 1;
    return SUCCESS;
}

}  // namespace

#define API extern "C" __attribute__((visibility("default")))

API const char* nvrtcGetErrorString(Result result) {
    static const char* const names[] = {"NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE", "NVRTC_ERROR_INVALID_INPUT",
        "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION", "NVRTC_ERROR_COMPILATION", "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
        "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION", "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
        "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID", "NVRTC_ERROR_INTERNAL_ERROR"};
    return (size_t)result < sizeof names / sizeof *names ? names[result] : "NVRTC_ERROR unknown";
}

API Result nvrtcVersion(int* major, int* minor) {
    if (!major || !minor) return INVALID_INPUT;
    *major = 13, *minor = 0;
    return SUCCESS;
}

static const int ARCHITECTURES[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};
API Result nvrtcGetNumSupportedArchs(int* count) {
    if (!count) return INVALID_INPUT;
    *count = sizeof ARCHITECTURES / sizeof *ARCHITECTURES;
    return SUCCESS;
}
API Result nvrtcGetSupportedArchs(int* out) {
    if (!out) return INVALID_INPUT;
    memcpy(out, ARCHITECTURES, sizeof ARCHITECTURES);
    return SUCCESS;
}

API Result nvrtcCreateProgram(Program** out, const char* text, const char* name, int headers, const char* const* texts, const char* const* names) {
    if (!out || !text || headers < 0 || (headers > 0 && (!texts || !names))) return INVALID_INPUT;
    Program* program = new Program;
    program->source.text = text;
    program->source.name = name ? name : "default_program";
    program->source.flags = {"-D__CUDACC_RTC__"};
    for (int i = 0; i < headers; ++i) program->source.headers.push_back({names[i], texts[i]});
    *out = program;
    return SUCCESS;
}

API Result nvrtcDestroyProgram(Program** program) {
    if (!program || !*program) return INVALID_PROGRAM;
    delete *program;
    *program = nullptr;
    return SUCCESS;
}

API Result nvrtcAddNameExpression(Program* program, const char* expression) {
    if (!program) return INVALID_PROGRAM;
    if (!expression) return INVALID_INPUT;
    if (program->compiled) return NO_NAME_EXPRESSIONS_AFTER_COMPILATION;
    program->source.expressions.push_back(expression);
    return SUCCESS;
}

API Result nvrtcGetLoweredName(Program* program, const char* expression, const char** out) {
    if (!program) return INVALID_PROGRAM;
    if (!expression || !out) return INVALID_INPUT;
    if (!program->compiled) return NO_LOWERED_NAMES_BEFORE_COMPILATION;
    const std::vector<std::string>& all = program->source.expressions;
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i] == expression) return *out = program->lowered[i].c_str(), SUCCESS;
    }
    return NAME_EXPRESSION_NOT_VALID;
}

API Result nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    if (!program) return INVALID_PROGRAM;
    if (count < 0 || (count > 0 && !options)) return INVALID_INPUT;
    program->log.clear();
    Source source = program->source;
    if (!take(source, count, options, program->log)) return INVALID_OPTION;
    emulator::Outcome outcome = emulator::image_of(source);
    if (outcome.good) {
        program->image = outcome.value;
        outcome = emulator::library_of(program->image);
    }
    if (!outcome.good) return program->log = outcome.value, program->image.clear(), COMPILATION;
    program->compiled = true;
    program->lowered.clear();
    for (size_t i = 0; i < source.expressions.size(); ++i) program->lowered.push_back("emulated" + std::to_string(i));
    return SUCCESS;
}

API Result nvrtcGetProgramLogSize(Program* program, size_t* size) { return program ? give_size(program, program->log, size) : INVALID_PROGRAM; }
API Result nvrtcGetProgramLog(Program* program, char* out) { return program ? give(program, program->log, out) : INVALID_PROGRAM; }
#define IMAGE(kind)                                                                                                    \
    API Result nvrtcGet##kind##Size(Program* program, size_t* size) {                                                  \
        return program && program->compiled ? give_size(program, program->image, size) : INVALID_PROGRAM;              \
    }                                                                                                                  \
    API Result nvrtcGet##kind(Program* program, char* out) {                                                           \
        return program && program->compiled ? give(program, program->image, out) : INVALID_PROGRAM;                    \
    }
IMAGE(PTX)
IMAGE(CUBIN)
