// From CUDA C++ to something to launch: texts become images, images become shared libraries.
//
// An image is what NVRTC and nvcc of the emulator give, and what its driver loads. It is text, and whole: preprocessed, rewritten C++ behind a
// few lines that look like PTX. The shared library is made from it once, kept by its content, and found again by everybody who has that image.
#pragma once
#include <string>
#include <vector>

namespace emulator {

struct Source {
    std::string text;
    std::string name;                    // in messages
    std::vector<std::string> flags;      // -I.., -D..: the preprocessor's
    std::string standard = "c++17";
    unsigned architecture = 75;
    std::vector<std::pair<std::string, std::string>> headers;  // by name
    std::vector<std::string> expressions;                      // that name kernels
};

// What something gave, or what went wrong.
struct Outcome {
    bool good;
    std::string value;  // an image, a path; or messages
};

// Preprocesses and rewrites; does not compile.
Outcome image_of(const Source& source);
// The shared library of an image, made if it is not there. Messages name lines of the source.
Outcome library_of(const std::string& image);
// Where the emulator was built.
std::string root();
// It begins as an image does.
bool is_image(const char* data);

}  // namespace emulator
