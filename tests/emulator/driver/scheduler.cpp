#include "scheduler.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "fiber.h"

// A thread begins on whatever fiber is at hand. If it ends without having waited, the next thread begins on the same one: kernels without
// barriers never switch. A thread that has to wait keeps its fiber; others go on, on theirs or on new ones.
namespace emulator {
namespace {

constexpr unsigned MOST_THREADS = 1024, WARPS = MOST_THREADS / 32;
constexpr unsigned char BEHIND = 0xa5;

// Lanes of a warp that wait for the same.
struct Meeting {
    Warp what;
    unsigned mask, arrived;
};

struct Thread {
    Index place;
    Fiber* fiber;
    // What it came with, and what it gets.
    unsigned long long value;
    unsigned lane;
    Block block_what;
    const char* waits;  // for messages; null: it does not
};

Thread threads[MOST_THREADS];
unsigned count, started, alive, current;
// Of each warp: who has not ended; who waits for whom.
unsigned living[WARPS];
std::vector<Meeting> meetings[WARPS];
// The barrier of the block.
std::vector<unsigned> at_barrier;
unsigned barrier_count;
// Those that can go on, in order.
unsigned ready[MOST_THREADS];
unsigned ready_first, ready_many;

const Launch* launch;
Fiber home;
std::vector<Fiber*> all, idle;
Result ended;

void go_on_later(unsigned thread) { ready[(ready_first + ready_many++) % MOST_THREADS] = thread; }

void finish_barrier() {
    const unsigned arrived = (unsigned)at_barrier.size();
    for (const unsigned thread : at_barrier) {
        Thread& t = threads[thread];
        t.value = t.block_what == Block::COUNT ? barrier_count : t.block_what == Block::AND ? barrier_count == arrived : barrier_count > 0;
        // The last one to come never waited.
        if (t.waits) t.waits = nullptr, go_on_later(thread);
    }
    at_barrier.clear();
    barrier_count = 0;
}

void finish_meeting(unsigned warp, const Meeting& meeting) {
    Thread* lanes = threads + 32 * warp;
    unsigned long long before[32], together = 0;
    if (meeting.what == Warp::AND || meeting.what == Warp::MIN) together = ~0ull;
    if (meeting.what == Warp::SIGNED_MIN) together = 0x7fffffff;
    if (meeting.what == Warp::SIGNED_MAX) together = 0x80000000;
    unsigned votes = 0;
    for (unsigned i = 0; i < 32; ++i) {
        if (!(meeting.arrived >> i & 1)) continue;
        const unsigned long long value = before[i] = lanes[i].value;
        votes |= (unsigned)(value != 0) << i;
        switch (meeting.what) {
            case Warp::ADD: together += value; break;
            case Warp::MIN: together = value < together ? value : together; break;
            case Warp::MAX: together = value > together ? value : together; break;
            case Warp::SIGNED_MIN: together = (int)value < (int)together ? value : together; break;
            case Warp::SIGNED_MAX: together = (int)value > (int)together ? value : together; break;
            case Warp::AND: together &= value; break;
            case Warp::OR: together |= value; break;
            case Warp::XOR: together ^= value; break;
            default: break;
        }
    }
    for (unsigned i = 0; i < 32; ++i) {
        if (!(meeting.arrived >> i & 1)) continue;
        Thread& t = lanes[i];
        unsigned long long result = together;
        switch (meeting.what) {
            // A lane that is not there has no value: one that shows is given instead.
            case Warp::SHUFFLE: result = t.lane < 32 && meeting.arrived >> t.lane & 1 ? before[t.lane] : ~0ull; break;
            case Warp::BALLOT: result = votes; break;
            case Warp::ANY: result = votes != 0; break;
            case Warp::ALL: result = votes == meeting.arrived; break;
            case Warp::MATCH:
                result = 0;
                for (unsigned k = 0; k < 32; ++k) result |= (unsigned long long)(meeting.arrived >> k & 1 && before[k] == before[i]) << k;
                break;
            default: break;
        }
        t.value = result;
        if (t.waits) t.waits = nullptr, go_on_later(32 * warp + i);
    }
}

// Whether all of a meeting are there, once `warp` has one thread less or more of them.
bool finish_meetings(unsigned warp) {
    bool any = false;
    for (size_t i = 0; i < meetings[warp].size();) {
        const Meeting meeting = meetings[warp][i];
        if (meeting.mask & living[warp] & ~meeting.arrived) {
            ++i;
            continue;
        }
        meetings[warp].erase(meetings[warp].begin() + (long)i);
        finish_meeting(warp, meeting);
        any = true;
    }
    return any;
}

void deadlock() {
    fprintf(stderr, "emulator: threads of `%s` wait for each other:", launch->kernel->name);
    unsigned shown = 0;
    for (unsigned t = 0; t < count && shown < 8; ++t) {
        const Index& place = threads[t].place;
        if (threads[t].waits) fprintf(stderr, "%s (%u, %u, %u) at %s", shown++ ? "," : "", place.x, place.y, place.z, threads[t].waits);
    }
    fprintf(stderr, "; %u of %u have ended\n", count - alive, count);
    ended = LAUNCH_FAILED;
}

void begin_threads();

Fiber* free_fiber() {
    if (idle.empty()) {
        all.push_back(new Fiber);
        idle.push_back(all.back());
        start(*idle.back(), begin_threads);
    }
    Fiber* fiber = idle.back();
    idle.pop_back();
    return fiber;
}

// Who goes on when this one cannot.
Fiber* next_fiber() {
    if (ready_many > 0) {
        current = ready[ready_first];
        ready_first = (ready_first + 1) % MOST_THREADS, --ready_many;
        return threads[current].fiber;
    }
    if (started < count) return free_fiber();
    if (alive > 0) deadlock();
    return &home;
}

void resume(unsigned thread) {
    current = thread;
    launch->module->place->thread = threads[thread].place;
}

// This thread, until somebody lets it go on.
void wait(const char* where) {
    const unsigned self = current;
    threads[self].waits = where;
    Fiber* fiber = threads[self].fiber;
    change(*fiber, *next_fiber());
    resume(self);
}

// A fiber's life.
void begin_threads() {
    Fiber* const self = running();
    for (;;) {
        while (started < count) {
            const unsigned thread = started++;
            threads[thread].fiber = self;
            resume(thread);
            launch->kernel->run(launch->parameters);
            --alive;
            const unsigned warp = thread / 32;
            living[warp] &= ~(1u << thread % 32);
            if (!meetings[warp].empty()) finish_meetings(warp);
            if (!at_barrier.empty() && at_barrier.size() == alive) finish_barrier();
        }
        idle.push_back(self);
        change(*self, *next_fiber());
    }
}

unsigned block_service(Block what, unsigned value) {
    Thread& t = threads[current];
    t.block_what = what;
    at_barrier.push_back(current);
    barrier_count += value != 0;
    if (at_barrier.size() == alive) {
        finish_barrier();
    } else {
        wait("a barrier of the block");
    }
    return (unsigned)t.value;
}

unsigned long long warp_service(Warp what, unsigned mask, unsigned long long value, unsigned lane) {
    const unsigned self = current, warp = self / 32, bit = 1u << self % 32;
    Thread& t = threads[self];
    t.value = value, t.lane = lane;
    Meeting* found = nullptr;
    for (Meeting& meeting : meetings[warp]) {
        if (meeting.what == what && meeting.mask == mask) found = &meeting;
    }
    if (!found) meetings[warp].push_back({what, mask, 0}), found = &meetings[warp].back();
    found->arrived |= bit;
    if ((mask & living[warp] & ~found->arrived) == 0) {
        finish_meetings(warp);
    } else {
        wait("a meeting of the warp");
    }
    return t.value;
}

void stop_service(int error, const char* why) {
    fprintf(stderr, "emulator: `%s` stopped: %s\n", launch->kernel->name, why);
    ended = (Result)error;
    Fiber nobody;
    change(nobody, home);
}

// Fibers that were left in the middle of something begin anew.
void abandon() {
    idle.clear();
    for (Fiber* fiber : all) start(*fiber, begin_threads), idle.push_back(fiber);
    at_barrier.clear();
    for (std::vector<Meeting>& meeting : meetings) meeting.clear();
}

}  // namespace

const Services services = {block_service, warp_service, stop_service};

Result run(const Launch& what) {
    launch = &what;
    Module& module = *what.module;
    Place& place = *module.place;
    const Index grid = what.grid, block = what.block;
    count = block.x * block.y * block.z;
    for (unsigned t = 0; t < count; ++t) {
        threads[t].place = {t % block.x, t / block.x % block.y, t / block.x / block.y};
        threads[t].waits = nullptr;
    }
    place.grid = grid, place.block_size = block;
    char* behind = module.dynamic + what.shared;
    memset(behind, BEHIND, Module::BEHIND);
    ended = SUCCESS;
    const size_t blocks = (size_t)grid.x * grid.y * grid.z;
    for (size_t b = 0; b < blocks; ++b) {
        const unsigned x = (unsigned)(b % grid.x), y = (unsigned)(b / grid.x % grid.y), z = (unsigned)(b / grid.x / grid.y);
        place.block = {x, y, z};
        for (unsigned i = 0; i < module.shared_count; ++i) memset(module.shared[i].data, POISON, module.shared[i].size);
        memset(module.dynamic, POISON, what.shared);
        started = 0, alive = count, barrier_count = 0, ready_first = ready_many = 0;
        for (unsigned w = 0; 32 * w < count; ++w) living[w] = count - 32 * w >= 32 ? ~0u : (1u << (count - 32 * w)) - 1;
        change(home, *free_fiber());
        if (ended != SUCCESS) return abandon(), ended;
        for (size_t i = 0; i < Module::BEHIND; ++i) {
            if ((unsigned char)behind[i] == BEHIND) continue;
            fprintf(stderr, "emulator: `%s` wrote behind its %u bytes of dynamic shared memory, in block (%u, %u, %u)\n", what.kernel->name,
                    what.shared, x, y, z);
            abort();
        }
    }
    return SUCCESS;
}

}  // namespace emulator
