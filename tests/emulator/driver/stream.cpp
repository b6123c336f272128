// Streams and events: since work is done at once, there is nothing to wait for.
#include "stream.h"

#include <chrono>
#include <set>

namespace emulator {
namespace {

Stream legacy, per_thread;
std::set<Stream*> streams;
std::set<Event*> events;

double now() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Stream* stream_of(Stream* handle) {
    if ((uintptr_t)handle <= 1) return &legacy;
    if ((uintptr_t)handle == 2) return &per_thread;
    return streams.count(handle) ? handle : nullptr;
}
Event* event_of(Event* handle) { return events.count(handle) ? handle : nullptr; }
bool is_legacy(const Stream* stream) { return stream == &legacy; }

void forget_streams() {
    for (Stream* stream : streams) delete stream;
    for (Event* event : events) delete event;
    streams.clear();
    events.clear();
}

}  // namespace emulator

using namespace emulator;

API Result cuStreamCreate(Stream** out, unsigned flags) {
    ENTER();
    if (!out || flags > 1) return INVALID_VALUE;
    *out = new Stream{flags, 0, nullptr};
    streams.insert(*out);
    return SUCCESS;
}
API Result cuStreamCreateWithPriority(Stream** out, unsigned flags, int priority) {
    const Result result = cuStreamCreate(out, flags);
    if (result == SUCCESS) (*out)->priority = priority < -5 ? -5 : priority > 0 ? 0 : priority;
    return result;
}
API Result cuStreamDestroy_v2(Stream* handle) {
    ENTER();
    Stream* stream = stream_of(handle);
    if (!stream || !streams.count(stream)) return INVALID_HANDLE;
    if (stream->capture) stream->capture->invalid = true;
    streams.erase(stream);
    delete stream;
    return SUCCESS;
}
API Result cuStreamSynchronize(Stream* handle) {
    ENTER();
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) {
        stream->capture->invalid = true;
        return STREAM_CAPTURE_UNSUPPORTED;
    }
    if (is_legacy(stream)) {
        if (const Result bad = refuse_legacy()) return bad;
    }
    return check_zones(), SUCCESS;
}
API Result cuStreamQuery(Stream* handle) { return cuStreamSynchronize(handle); }
API Result cuStreamGetFlags(Stream* handle, unsigned* flags) {
    ENTER();
    const Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (!flags) return INVALID_VALUE;
    return *flags = stream->flags, SUCCESS;
}
API Result cuStreamGetPriority(Stream* handle, int* priority) {
    ENTER();
    const Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (!priority) return INVALID_VALUE;
    return *priority = stream->priority, SUCCESS;
}

API Result cuEventCreate(Event** out, unsigned flags) {
    ENTER();
    // Blocking, without time, for other processes.
    if (!out || flags > 7) return INVALID_VALUE;
    *out = new Event;
    (*out)->timed = !(flags & 2);
    events.insert(*out);
    return SUCCESS;
}
API Result cuEventDestroy_v2(Event* handle) {
    ENTER();
    if (!event_of(handle)) return INVALID_HANDLE;
    events.erase(handle);
    delete handle;
    return SUCCESS;
}
API Result cuEventRecord(Event* handle, Stream* stream_handle) {
    ENTER();
    Event* event = event_of(handle);
    Stream* stream = stream_of(stream_handle);
    if (!event || !stream) return INVALID_HANDLE;
    if (Capture* capture = stream->capture) {
        if (capture->invalid) return STREAM_CAPTURE_INVALIDATED;
        event->capture = capture->id;
        event->done = capture->joined[stream];
        event->done[stream] = capture->operations[stream];
        return SUCCESS;
    }
    if (is_legacy(stream)) {
        if (const Result bad = refuse_legacy()) return bad;
    }
    event->capture = 0, event->recorded = true, event->milliseconds = now();
    return SUCCESS;
}
API Result cuEventRecordWithFlags(Event* event, Stream* stream, unsigned) { return cuEventRecord(event, stream); }

API Result cuStreamWaitEvent(Stream* stream_handle, Event* handle, unsigned) {
    ENTER();
    Event* event = event_of(handle);
    Stream* stream = stream_of(stream_handle);
    if (!event || !stream) return INVALID_HANDLE;
    Capture* theirs = event->capture ? capture_of(event->capture) : nullptr;
    if (!theirs) {
        // A capture cannot wait for what is not in it.
        if (!stream->capture || (!event->recorded && !event->capture)) return SUCCESS;
        stream->capture->invalid = true;
        return STREAM_CAPTURE_ISOLATION;
    }
    if (stream->capture && stream->capture != theirs) {
        stream->capture->invalid = theirs->invalid = true;
        return STREAM_CAPTURE_MERGE;
    }
    if (is_legacy(stream)) {
        theirs->invalid = true;
        return STREAM_CAPTURE_IMPLICIT;
    }
    // It takes part from here on.
    stream->capture = theirs;
    theirs->operations[stream] += 0;
    for (const auto& [other, operations] : event->done) {
        uint64_t& known = theirs->joined[stream][other];
        known = known > operations ? known : operations;
    }
    return SUCCESS;
}

static Result done(Event* handle) {
    const Event* event = event_of(handle);
    if (!event) return INVALID_HANDLE;
    if (event->capture && capture_of(event->capture)) return capture_of(event->capture)->invalid = true, CAPTURED_EVENT;
    return event->capture ? CAPTURED_EVENT : SUCCESS;
}
API Result cuEventQuery(Event* event) {
    ENTER();
    return done(event);
}
API Result cuEventSynchronize(Event* event) {
    ENTER();
    const Result result = done(event);
    check_zones();
    return result;
}
API Result cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
    ENTER();
    if (!milliseconds) return INVALID_VALUE;
    for (Event* event : {start, end}) {
        if (const Result bad = done(event)) return bad;
        if (!event->timed || !event->recorded) return INVALID_HANDLE;
    }
    return *milliseconds = (float)(end->milliseconds - start->milliseconds), SUCCESS;
}
API Result cuEventElapsedTime_v2(float* milliseconds, Event* start, Event* end) { return cuEventElapsedTime(milliseconds, start, end); }
