// Streams, events, and what is recorded of them.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "driver.h"

namespace emulator {

enum Mode { GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2 };

struct Graph {
    std::vector<std::unique_ptr<Operation>> nodes;
};

// What one cuStreamBeginCapture began. Operations are kept in the order in which they were asked for.
struct Capture {
    Stream* origin;
    Mode mode;
    const void* thread;
    uint64_t id;
    bool invalid = false;
    std::unique_ptr<Graph> graph;
    // Streams that take part: how many operations each has, and how many of which others come before its next.
    std::map<Stream*, uint64_t> operations;
    std::map<Stream*, std::map<Stream*, uint64_t>> joined;
};

struct Stream {
    unsigned flags = 0;
    int priority = 0;
    Capture* capture = nullptr;
};

struct Event {
    bool timed = true, recorded = false;
    double milliseconds = 0;
    // If it was recorded in a capture: what is done by then.
    uint64_t capture = 0;
    std::map<Stream*, uint64_t> done;
};

// The stream of a handle, or null: the legacy stream, and that of a thread, have numbers for handles.
Stream* stream_of(Stream* handle);
Event* event_of(Event* handle);
bool is_legacy(const Stream* stream);
Capture* capture_of(uint64_t id);

}  // namespace emulator
