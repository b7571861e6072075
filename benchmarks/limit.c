/* The practical limit: the two works of the benchmarks, written for nothing but speed, in one file of C.
 *
 *   limit closed PEOPLE HORIZON_S SEED      prints: requests, mean time in system (s), CPU seconds
 *   limit queue CUSTOMERS SEED
 *
 * Random numbers have the addresses of sim/streams.py and laws are drawn as in sim/quantiles.py, so the closed work is
 * the same path, bit for bit, as that of the compiled kernel (compile with -ffp-contract=off).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVERS 4
#define THINK_S 10.0
#define THINK 5 /* streams */
#define HANDLER 21
#define LOAD 0.9
#define GOLDEN 0x9E3779B97F4A7C15u

static uint64_t draw64(uint64_t key, uint64_t counter) {
    uint64_t z = key + (counter + 1) * GOLDEN;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t base_of(uint64_t seed, uint64_t stream) {
    return draw64(draw64(draw64(0, seed), 0), stream);
}

static double exponential(double mean, uint64_t key, uint64_t n) {
    double u = ((double)(int64_t)(draw64(key, n << 16) >> 12) + 0.5) * 0x1p-52;
    return -mean * log(1.0 - u);
}

static double cpu_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

typedef struct {
    double time_s;
    int32_t next, n; /* the person of the next event in the bucket; the number of this click */
} event;

/* One event a click: its departure is known on arrival. Buckets of about four events; the earliest is searched in the
 * list of its bucket, and an event of a later turn of the wheel is passed over. */
static void closed(int64_t people, double horizon_s, uint64_t seed) {
    uint64_t think = base_of(seed, THINK), handler = base_of(seed, HANDLER);
    double per_s = people / (4.0 * THINK_S), service_s = 20.0 / people, free_s[SERVERS] = {0}, total_s = 0.0;
    int64_t rows = 64, requests = 0;
    while (rows < people) rows *= 2;
    int32_t *heads = malloc(rows * sizeof *heads);
    event *events = malloc(people * sizeof *events);
    memset(heads, -1, rows * sizeof *heads);
    for (int32_t i = 0; i < people; i++) {
        double time_s = exponential(THINK_S, draw64(think, i), 0);
        int64_t row = (int64_t)(time_s * per_s) & (rows - 1);
        events[i] = (event){time_s, heads[row], 0};
        heads[row] = i;
    }
    for (int64_t bucket = 0; bucket <= (int64_t)(horizon_s * per_s); bucket++) {
        int32_t *head = &heads[bucket & (rows - 1)];
        for (;;) {
            double first_s = (bucket + 1) / per_s;
            int32_t *at = NULL;
            for (int32_t *link = head; *link >= 0; link = &events[*link].next)
                if (events[*link].time_s < first_s) {
                    first_s = events[*link].time_s;
                    at = link;
                }
            if (at == NULL || (int64_t)(first_s * per_s) > bucket) break;
            int32_t i = *at;
            event *e = &events[i];
            *at = e->next;
            if (first_s >= horizon_s) continue;
            int earliest = 0;
            for (int k = 1; k < SERVERS; k++)
                if (free_s[k] < free_s[earliest]) earliest = k;
            double start_s = first_s > free_s[earliest] ? first_s : free_s[earliest];
            double done_s = start_s + exponential(service_s, draw64(handler, i), e->n);
            free_s[earliest] = done_s;
            if (done_s < horizon_s) {
                total_s += done_s - first_s;
                requests++;
            }
            e->n++;
            e->time_s = done_s + exponential(THINK_S, draw64(think, i), e->n);
            int64_t row = (int64_t)(e->time_s * per_s) & (rows - 1);
            e->next = heads[row];
            heads[row] = i;
        }
    }
    printf("%lld %.17g", (long long)requests, total_s / requests);
}

/* Lindley's recursion: no calendar at all. */
static void queue(int64_t customers, uint64_t seed) {
    uint64_t think = draw64(base_of(seed, THINK), 0), handler = draw64(base_of(seed, HANDLER), 0);
    double now_s = 0.0, free_s = 0.0, total_s = 0.0;
    for (int64_t n = 0; n < customers; n++) {
        now_s += exponential(1.0 / LOAD, think, n);
        free_s = (now_s > free_s ? now_s : free_s) + exponential(1.0, handler, n);
        total_s += free_s - now_s;
    }
    printf("%lld %.17g", (long long)customers, total_s / customers);
}

int main(int count, char **words) {
    double began_s = cpu_s();
    if (count == 5 && !strcmp(words[1], "closed"))
        closed(atoll(words[2]), atof(words[3]), strtoull(words[4], NULL, 10));
    else if (count == 4 && !strcmp(words[1], "queue"))
        queue(atoll(words[2]), strtoull(words[3], NULL, 10));
    else
        return 2;
    printf(" %.9f\n", cpu_s() - began_s);
    return 0;
}
