// nvcc, as far as build scripts use it: `--list-gpu-code`, and `--ptx`, which makes images as NVRTC of the emulator does.
//
// Images are not compiled here: that is done when a program loads them, once, so that a build with fifty files does not wait for those that
// nobody will launch. What a file includes must be there, though.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "compiler/image.h"

int main(int count, char** words) {
    emulator::Source source;
    source.architecture = 90;
    source.flags = {"-D__NVCC__"};
    std::string folder = ".", in, out;
    bool ptx = false;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        // The value of an option: behind `=`, or the next word.
        const auto value = [&](const char* name) -> const char* {
            const size_t length = strlen(name);
            if (word == name && i + 1 < count) return words[++i];
            return word.compare(0, length, name) == 0 && word[length] == '=' ? words[i] + length + 1 : nullptr;
        };
        if (word == "--list-gpu-code" || word == "-code-ls") {
            for (int code : {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121}) printf("sm_%d\n", code);
            return 0;
        } else if (word == "--list-gpu-arch" || word == "-arch-ls") {
            for (int code : {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121}) printf("compute_%d\n", code);
            return 0;
        } else if (word == "--version" || word == "-V") {
            printf("nvcc: a stand-in of the emulated CUDA device\nCuda compilation tools, release 13.0, V13.0.88\n");
            return 0;
        } else if (word == "--ptx" || word == "-ptx") {
            ptx = true;
        } else if (const char* arch = value("--gpu-architecture") ?: value("-arch")) {
            const char* digits = strpbrk(arch, "0123456789");
            if (digits) source.architecture = (unsigned)atoi(digits);
        } else if (const char* standard = value("--std") ?: value("-std")) {
            source.standard = standard;
        } else if (const char* where = value("--output-directory") ?: value("-odir")) {
            folder = where;
        } else if (const char* file = value("--output-file") ?: value("-o")) {
            out = file;
        } else if (const char* include = value("--include-path")) {
            source.flags.push_back("-I" + std::string(include));
        } else if (word == "-I" || word == "-D") {
            if (i + 1 < count) source.flags.push_back(word + words[++i]);
        } else if (word.compare(0, 2, "-I") == 0 || word.compare(0, 2, "-D") == 0) {
            source.flags.push_back(word);
        } else if (value("--default-stream") || value("-default-stream")) {
        } else if (word == "--use_fast_math" || word == "-use_fast_math" || word == "-lineinfo" || word.compare(0, 2, "-O") == 0 || word == "-w") {
        } else if (!word.empty() && word[0] != '-') {
            in = word;
        } else {
            fprintf(stderr, "nvcc of the emulated device does not know `%s`\n", word.c_str());
            return 1;
        }
    }
    std::ifstream file(in);
    if (in.empty() || !file || !ptx) {
        fprintf(stderr, "nvcc of the emulated device makes PTX of a file: nvcc --ptx file.cu\n");
        return 1;
    }
    std::ostringstream text;
    text << file.rdbuf();
    source.text = text.str();
    source.name = in;
    // What the host's headers would have given, and the file's own folder.
    const size_t slash = in.rfind('/');
    source.flags.push_back("-I" + (slash == std::string::npos ? "." : in.substr(0, slash)));
    source.flags.push_back("-I" + emulator::root() + "/include");
    source.flags.push_back("-I" + emulator::root() + "/include/host");
    source.flags.insert(source.flags.end(), {"-include", "host.h"});
    const emulator::Outcome image = emulator::image_of(source);
    if (!image.good) return fputs(image.value.c_str(), stderr), 2;
    if (out.empty()) {
        std::string stem = slash == std::string::npos ? in : in.substr(slash + 1);
        out = folder + "/" + stem.substr(0, stem.rfind('.')) + ".ptx";
    }
    std::ofstream result(out, std::ios::binary);
    result << image.value;
    result.close();
    return result ? 0 : 1;
}
