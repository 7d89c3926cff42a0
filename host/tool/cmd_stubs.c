/* SPDX-License-Identifier: Apache-2.0 */
/* Weak places for commands that live in files of their own; a file that defines one of them wins. */
#include "tool/commands.h"
#include "tool/report.h"

__attribute__((weak)) int cmd_demo(int argc, char **argv) {
    (void)argc, (void)argv;
    return report_usage("this build has no command demo");
}

__attribute__((weak)) int cmd_bench(int argc, char **argv) {
    (void)argc, (void)argv;
    return report_usage("this build has no command bench");
}
