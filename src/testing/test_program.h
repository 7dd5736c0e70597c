// The whole program in process: a file system and an etcd in memory, and a clock that stands still.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/command.h"
#include "testing/fake_clock.h"
#include "testing/fake_cluster.h"
#include "testing/fake_etcd.h"
#include "testing/fake_host_tree.h"
#include "testing/fault_fs.h"

namespace lifeboat::testing {

// What a run left on its streams.
struct Outcome {
  cli::ExitCode code = cli::kBug;
  std::string out;
  std::string err;
};

// Has the folder /vault. Tests change its parts between runs.
struct TestProgram {
  FaultFs fs;
  FakeClock clock{"2026-11-21T06:00:00Z"};
  FakeCluster cluster = FakeCluster::healthy(3);
  FakeEtcd etcd;  // the program that a drill starts
  cli::Environment environment;
  rpc::ClientOptions connected_with;  // of the last run that connected
  rpc::ProbeResult probe_result;
  std::string input;                      // what stands on standard input
  node::MakeHttpClient make_http_client;  // for those who ask the API server
  std::stop_source stop;

  TestProgram() { fs.put_directory("/vault"); }

  Outcome run(const std::vector<std::string>& argv) {
    std::ostringstream out;
    std::ostringstream err;
    base::MemoryStream in(base::as_bytes(input));
    const auto programs = etcd.programs(fs);
    cli::World world{
        .in = in,
        .out = out,
        .err = err,
        .fs = fs,
        .clock = clock,
        .environment = environment,
        .programs = *programs,
        .connect =
            [this](const rpc::ClientOptions& options) {
              connected_with = options;
              return cluster.endpoints();
            },
        .connect_key_value =
            [this](const rpc::ClientOptions& options) {
              return etcd.connect(options.endpoints.at(0));
            },
        .probe = [this](const auto&, const auto&, std::stop_token) { return probe_result; },
        .open_host_tree =
            [this](const std::string& root) { return std::make_unique<FakeHostTree>(fs, root); },
        .make_http_client = make_http_client,
        .host_name = "cp-0",
        .working_folder = "/home/admin",
        .err_is_terminal = false};
    const cli::ExitCode code = cli::run_program(argv, world, stop.get_token());
    return {code, out.str(), err.str()};
  }

  // Words between blanks.
  Outcome run(std::string_view line) { return run(base::split(line, ' ')); }
};

}  // namespace lifeboat::testing
