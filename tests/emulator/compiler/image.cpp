#include "image.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "rewrite.h"

extern char** environ;

namespace emulator {
namespace {

const char* const HEAD = "//\n// An image of the emulated CUDA device: to be loaded by its driver\n//\n";
const char* const LANGUAGE = "// language ";
const char* const BODY = "// text\n";
// One level of optimization: kernels of tests run for milliseconds, and compile for seconds.
const char* const FLAGS[] = {"-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-fno-exceptions", "-fno-rtti",
                             "-fno-strict-aliasing", "-ffp-contract=off", "-fno-threadsafe-statics", "-fno-stack-protector", "-fcf-protection=none",
                             "-fno-asynchronous-unwind-tables", "-fno-semantic-interposition", "-fno-plt", "-fdiagnostics-plain-output", "-Wl,-z,defs", "-Wl,-z,now"};

std::string cache() {
    const char* chosen = getenv("NL_EMULATOR_CACHE");
    std::string folder = chosen && *chosen ? chosen : root() + "/cache";
    for (size_t i = 1; i <= folder.size(); ++i) {
        if (i == folder.size() || folder[i] == '/') mkdir(folder.substr(0, i).c_str(), 0777);
    }
    return folder;
}

// A name that nobody else has: no other process, no other thread, and neither the other libraries of this process that this file is part of.
std::string fresh(const std::string& folder, const char* end) {
    static std::atomic<unsigned> count;
    return folder + "/new-" + std::to_string(getpid()) + "-" + std::to_string((uintptr_t)&count) + "-" + std::to_string(count++) + end;
}

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

bool write(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    return (bool)file;
}

// Runs a program; what it says on the standard error output.
bool run(const std::vector<std::string>& arguments, std::string& messages) {
    const std::string log = fresh(cache(), ".log");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    std::vector<char*> words;
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_t child;
    const int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = -1;
    if (error == 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        messages = read(log);
    } else {
        messages = arguments[0] + ": " + strerror(error);
    }
    unlink(log.c_str());
    return status == 0;
}

std::string hash(const std::string& text) {
    unsigned long long a = 0xcbf29ce484222325, b = 0x84222325cbf29ce4;
    for (const unsigned char c : text) {
        a = (a ^ c) * 0x100000001b3;
        b = (b + c) * 0x9e3779b97f4a7c15;
        b ^= b >> 29;
    }
    char name[40];
    snprintf(name, sizeof name, "%016llx%016llx", a, b);
    return name;
}

}  // namespace

// Where the emulator was built: this library or program lies one folder below.
std::string root() {
    Dl_info info;
    if (!dladdr((void*)&root, &info)) return ".";
    char* path = realpath(info.dli_fname, nullptr);
    // A program that was found by PATH.
    if (!path || !strchr(info.dli_fname, '/')) free(path), path = realpath("/proc/self/exe", nullptr);
    std::string all = path ? path : ".";
    free(path);
    for (int i = 0; i < 2; ++i) all.resize(all.rfind('/') == std::string::npos ? 0 : all.rfind('/'));
    return all;
}

bool is_image(const char* data) { return strncmp(data, HEAD, strlen(HEAD)) == 0; }

Outcome image_of(const Source& source) {
    const std::string folder = cache(), stem = fresh(folder, ""), in = stem + ".cu", out = stem + ".ii", device = root() + "/device";
    // Macros of the command line are for the source, and not for what is put in front of it.
    std::string macros;
    for (const std::string& flag : source.flags) {
        const size_t equals = std::min(flag.find('='), flag.size());
        if (flag.compare(0, 2, "-U") == 0) macros += "#undef " + flag.substr(2) + "\n";
        if (flag.compare(0, 2, "-D") == 0) {
            macros += "#define " + flag.substr(2, equals - 2) + " " + (equals < flag.size() ? flag.substr(equals + 1) : "1") + "\n";
        }
    }
    if (!write(in, macros + "#line 1 \"" + source.name + "\"\n" + source.text)) return {false, "cannot write " + in};
    std::vector<std::string> command = {"g++", "-E", "-x", "c++", "-std=" + source.standard, "-nostdinc", "-nostdinc++",
                                        "-fdiagnostics-plain-output", "-include", device + "/device.h",
                                        "-D__CUDACC__", "-D__CUDA_ARCH__=" + std::to_string(10 * source.architecture),
                                        "-D__CUDACC_VER_MAJOR__=13", "-D__CUDACC_VER_MINOR__=0"};
    // Headers that came with the source.
    for (const auto& [name, text] : source.headers) {
        mkdir(stem.c_str(), 0777);
        for (size_t i = 0; i < name.size(); ++i) {
            if (name[i] == '/') mkdir((stem + "/" + name.substr(0, i)).c_str(), 0777);
        }
        if (!write(stem + "/" + name, text)) return {false, "cannot write the header " + name};
    }
    if (!source.headers.empty()) command.push_back("-I" + stem);
    for (const std::string& flag : source.flags) {
        if (flag.compare(0, 2, "-D") != 0 && flag.compare(0, 2, "-U") != 0) command.push_back(flag);
    }
    command.insert(command.end(), {in, "-o", out});
    std::string messages;
    const bool good = run(command, messages);
    const std::string text = read(out);
    unlink(in.c_str());
    unlink(out.c_str());
    if (!source.headers.empty()) {
        std::string ignored;
        run({"rm", "-r", stem}, ignored);
    }
    if (!good) return {false, messages};
    const Rewritten rewritten = rewrite(text, source.expressions);
    std::string image = std::string(HEAD) + ".version 9.0\n.target sm_" + std::to_string(source.architecture) + "\n.address_size 64\n";
    for (const std::string& kernel : rewritten.kernels) image += ".visible .entry " + kernel + "()\n";
    // An image says how it wants to be read: builds keep images that an older emulator made, with its headers in them.
    return {true, image + LANGUAGE + "-std=" + source.standard + " -pedantic-errors -Werror=overflow\n" + BODY + rewritten.text};
}

Outcome library_of(const std::string& image) {
    const size_t body = image.find(BODY), language = image.find(LANGUAGE);
    if (!is_image(image.c_str()) || body == std::string::npos || language > body) {
        return {false, "an image that an older emulator made: build it again (dfdx's: cargo clean -p dfdx)"};
    }
    std::vector<std::string> command = {"g++", "-x", "c++", "-fpreprocessed"};
    std::istringstream words(image.substr(language + strlen(LANGUAGE), image.find('\n', language) - language - strlen(LANGUAGE)));
    for (std::string word; words >> word;) command.push_back(word);
    command.insert(command.end(), std::begin(FLAGS), std::end(FLAGS));
    std::string all = __VERSION__;
    for (const std::string& word : command) all += " " + word;
    const std::string folder = cache(), path = folder + "/" + hash(all + image.substr(body)) + ".so";
    if (access(path.c_str(), R_OK) == 0) return {true, path};
    const std::string in = fresh(folder, ".ii"), out = in + ".so";
    if (!write(in, image.substr(body + strlen(BODY)))) return {false, "cannot write " + in};
    command.insert(command.end(), {in, "-o", out, "-lm"});
    std::string messages;
    const bool good = run(command, messages);
    unlink(in.c_str());
    // Somebody else may have made the same: the last one is as good.
    if (!good || rename(out.c_str(), path.c_str()) != 0) {
        unlink(out.c_str());
        return {false, messages};
    }
    return {true, path};
}

}  // namespace emulator
