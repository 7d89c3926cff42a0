/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_COMMANDS_H
#define SABLE_TOOL_COMMANDS_H
/* The commands of `sable`. Each parses its own words (options.h), prints through report.h and returns the exit status
 * of the process. argv[0] is the command's name; the word "sable" and options before it are gone. */

int cmd_params(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_encrypt(int argc, char **argv);
int cmd_infer(int argc, char **argv);
int cmd_decrypt(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_fit(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
