/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/progress.h"

#include <stdbool.h>
#include <stdio.h>

#include "tool/options.h"
#include "tool/report.h"

const char *const progress_words[] = {"auto", "json", "none", NULL};
uint32_t progress_style;
enum { AUTO, JSON };

static struct {
    const char *name;
    uint64_t already, total;
    double began, told; /* seconds_now() */
} stage;

static void tell_json(uint64_t done, double rate) {
    /* stage names are the tool's own words: nothing in them needs an escape */
    fprintf(stderr, "{\"stage\": \"%s\", \"done\": %llu, \"total\": ", stage.name, (unsigned long long)done);
    fprintf(stderr, stage.total ? "%llu" : "null", (unsigned long long)stage.total);
    fprintf(stderr, rate > 0 ? ", \"per_s\": %.1f" : ", \"per_s\": null", rate);
    fprintf(stderr, rate > 0 && stage.total ? ", \"eta_s\": %.1f}\n" : ", \"eta_s\": null}\n",
            rate > 0 ? (double)(stage.total - done) / rate : 0);
}

static void tell_line(uint64_t done, double rate) {
    char text[192], speed[96] = "";
    if (rate > 0 && stage.total) {
        double left = (double)(stage.total - done) / rate;
        unsigned long seconds = left < 1e8 ? (unsigned long)left : 99999999;
        snprintf(speed, sizeof speed, ", %s/s, %lu:%02lu left", shown_rate(rate).text, seconds / 60, seconds % 60);
    } else if (rate > 0) {
        snprintf(speed, sizeof speed, ", %s/s", shown_rate(rate).text);
    }
    if (stage.total)
        snprintf(text, sizeof text, "%s: %llu of %llu samples (%.0f %%)%s", stage.name, (unsigned long long)done,
                 (unsigned long long)stage.total, 100.0 * (double)done / (double)stage.total, speed);
    else
        snprintf(text, sizeof text, "%s: %llu samples%s", stage.name, (unsigned long long)done, speed);
    progress_text(text);
}

static void tell(uint64_t done) {
    double now = seconds_now(), rate = 0;
    bool last = done == stage.total;
    if (!last && now - stage.told < 0.1) return;
    stage.told = now;
    if (done > stage.already && now > stage.began) rate = (double)(done - stage.already) / (now - stage.began);
    if (progress_style == JSON)
        tell_json(done, rate);
    else if (progress_style == AUTO)
        tell_line(done, rate);
}

void progress_stage(const char *name, uint64_t already, uint64_t total) {
    stage.name = name;
    stage.already = already;
    stage.total = total;
    stage.began = seconds_now();
    stage.told = stage.began - 1;
    tell(already);
}

void progress_to(uint64_t done) { tell(done); }
