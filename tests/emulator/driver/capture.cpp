// Capture and graphs: while a stream is capturing, work is recorded, and what CUDA forbids then is refused.
#include <cstring>
#include <set>

#include "stream.h"

namespace emulator {
namespace {

struct Executable {
    std::vector<Operation> operations;
};

std::vector<std::unique_ptr<Capture>> captures;
std::set<Graph*> graphs;
std::set<Executable*> executables;
uint64_t captured;
thread_local Mode thread_mode = GLOBAL;
thread_local char thread_mark;  // its address tells threads apart

void finish(Capture* capture) {
    for (const auto& [stream, operations] : capture->operations) {
        if (stream_of(stream)) stream->capture = nullptr;
    }
    for (size_t i = 0; i < captures.size(); ++i) {
        if (captures[i].get() == capture) {
            captures.erase(captures.begin() + (long)i);
            return;
        }
    }
}

}  // namespace

Capture* capture_of(uint64_t id) {
    for (const auto& capture : captures) {
        if (capture->id == id) return capture.get();
    }
    return nullptr;
}

bool is_capturing(Stream* handle) {
    const Stream* stream = stream_of(handle);
    return stream && stream->capture;
}

Result submit(Stream* handle, Operation operation) {
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (Capture* capture = stream->capture) {
        if (capture->invalid) return STREAM_CAPTURE_INVALIDATED;
        capture->graph->nodes.push_back(std::make_unique<Operation>(std::move(operation)));
        ++capture->operations[stream];
        return SUCCESS;
    }
    if (is_legacy(stream)) {
        if (const Result bad = refuse_legacy()) return bad;
    }
    return operation.run();
}

Result refuse_legacy() {
    bool any = false;
    for (const auto& capture : captures) {
        for (const auto& [stream, operations] : capture->operations) {
            // The legacy stream waits for all but non-blocking ones.
            if (stream_of(stream) && !(stream->flags & 1)) any = capture->invalid = true;
        }
    }
    return any ? STREAM_CAPTURE_IMPLICIT : SUCCESS;
}

Result refuse_while_capturing() {
    bool any = false;
    for (const auto& capture : captures) {
        const bool own = capture->thread == &thread_mark;
        const bool forbidden = thread_mode == GLOBAL ? capture->mode == GLOBAL || (own && capture->mode == THREAD_LOCAL)
                             : thread_mode == THREAD_LOCAL && own && capture->mode != RELAXED;
        if (forbidden) any = capture->invalid = true;
    }
    return any ? STREAM_CAPTURE_UNSUPPORTED : SUCCESS;
}

}  // namespace emulator

using namespace emulator;

API Result cuThreadExchangeStreamCaptureMode(Mode* mode) {
    if (!mode || *mode > RELAXED) return INVALID_VALUE;
    std::swap(*mode, thread_mode);
    return SUCCESS;
}

API Result cuStreamBeginCapture_v2(Stream* handle, Mode mode) {
    ENTER();
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (is_legacy(stream)) return STREAM_CAPTURE_UNSUPPORTED;
    if (mode > RELAXED) return INVALID_VALUE;
    if (stream->capture) return stream->capture->invalid = true, STREAM_CAPTURE_UNSUPPORTED;
    auto capture = std::make_unique<Capture>();
    capture->origin = stream, capture->mode = mode, capture->thread = &thread_mark, capture->id = ++captured;
    capture->graph = std::make_unique<Graph>();
    capture->operations[stream] = 0;
    stream->capture = capture.get();
    captures.push_back(std::move(capture));
    return SUCCESS;
}

API Result cuStreamEndCapture(Stream* handle, Graph** out) {
    ENTER();
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (!out) return INVALID_VALUE;
    *out = nullptr;
    Capture* capture = stream->capture;
    if (!capture) return INVALID_VALUE;
    if (capture->origin != stream) return STREAM_CAPTURE_UNMATCHED;
    if (capture->mode != RELAXED && capture->thread != &thread_mark) return STREAM_CAPTURE_WRONG_THREAD;
    Result result = capture->invalid ? STREAM_CAPTURE_INVALIDATED : SUCCESS;
    for (const auto& [other, operations] : capture->operations) {
        if (result == SUCCESS && other != stream && capture->joined[stream][other] < operations) result = STREAM_CAPTURE_UNJOINED;
    }
    if (result == SUCCESS) {
        *out = capture->graph.release();
        graphs.insert(*out);
        trace("[emulator]   %zu nodes\n", (*out)->nodes.size());
    }
    finish(capture);
    return result;
}

API Result cuStreamIsCapturing(Stream* handle, int* status) {
    ENTER();
    const Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (!status) return INVALID_VALUE;
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
    return SUCCESS;
}
API Result cuStreamGetCaptureInfo(Stream* handle, int* status, uint64_t* id) {
    const Result result = cuStreamIsCapturing(handle, status);
    if (result == SUCCESS && id && *status) *id = stream_of(handle)->capture->id;
    return result;
}
API Result cuStreamGetCaptureInfo_v2(Stream* handle, int* status, uint64_t* id, Graph** graph, const Operation*** nodes, size_t* count) {
    const Result result = cuStreamGetCaptureInfo(handle, status, id);
    if (result == SUCCESS && graph) *graph = *status ? stream_of(handle)->capture->graph.get() : nullptr;
    if (nodes) *nodes = nullptr;
    if (count) *count = 0;
    return result;
}

API Result cuGraphCreate(Graph** out, unsigned flags) {
    ENTER();
    if (!out || flags) return INVALID_VALUE;
    return graphs.insert(*out = new Graph), SUCCESS;
}
API Result cuGraphDestroy(Graph* graph) {
    ENTER();
    if (!graphs.erase(graph)) return INVALID_VALUE;
    return delete graph, SUCCESS;
}
API Result cuGraphGetNodes(Graph* graph, const Operation** nodes, size_t* count) {
    ENTER();
    if (!graphs.count(graph) || !count) return INVALID_VALUE;
    const size_t all = graph->nodes.size();
    if (nodes) {
        for (size_t i = 0; i < *count; ++i) nodes[i] = i < all ? graph->nodes[i].get() : nullptr;
        if (*count > all) *count = all;
    } else {
        *count = all;
    }
    return SUCCESS;
}
API Result cuGraphNodeGetType(const Operation* node, int* type) {
    ENTER();
    if (!node || !type) return INVALID_VALUE;
    return *type = node->kind, SUCCESS;
}

static Result instantiate(Executable** out, Graph* graph) {
    if (!out || !graphs.count(graph)) return INVALID_VALUE;
    *out = new Executable;
    for (const auto& node : graph->nodes) (*out)->operations.push_back(*node);
    return executables.insert(*out), SUCCESS;
}
API Result cuGraphInstantiateWithFlags(Executable** out, Graph* graph, unsigned long long) {
    ENTER();
    return instantiate(out, graph);
}
API Result cuGraphInstantiate_v2(Executable** out, Graph* graph, const Operation** bad_node, char* log, size_t size) {
    ENTER();
    if (bad_node) *bad_node = nullptr;
    if (log && size) *log = 0;
    return instantiate(out, graph);
}
API Result cuGraphExecDestroy(Executable* executable) {
    ENTER();
    if (!executables.erase(executable)) return INVALID_VALUE;
    return delete executable, SUCCESS;
}
API Result cuGraphUpload(Executable* executable, Stream* stream) {
    ENTER();
    return !executables.count(executable) ? INVALID_VALUE : stream_of(stream) ? SUCCESS : INVALID_HANDLE;
}
API Result cuGraphLaunch(Executable* executable, Stream* stream) {
    ENTER();
    if (!executables.count(executable)) return INVALID_VALUE;
    // A copy: it may be captured, and its executable destroyed.
    return submit(stream, {Operation::GRAPH, [operations = executable->operations] {
        for (const Operation& operation : operations) {
            if (const Result bad = operation.run()) return bad;
        }
        return SUCCESS;
    }});
}
