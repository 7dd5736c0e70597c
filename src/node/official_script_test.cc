#include "node/official_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>
#include <thread>

#include "base/bytes.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "os/paths.h"
#include "os/posix_fs.h"
#include "testing/error_of.h"
#include "testing/root_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using lifeboat::testing::error_of;
using lifeboat::testing::RootTree;
using lifeboat::testing::TempFolder;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kScript = "usr/local/bin/cluster-backup.sh";
constexpr const char* kOldScript = "usr/local/bin/etcd-snapshot-backup.sh";
constexpr const char* kSnapshot = "snapshot_2026-11-21_060000.db";
constexpr const char* kStaticPods = "static_kuberesources_2026-11-21_060000.tar.gz";

// A script that runs in no time: a function, called when it is started, with the folder as this
// program sees it.
struct FakeScript : os::Programs {
  os::PosixFileSystem& fs;
  std::function<void(const std::string& folder)> body;
  std::string end = "exit status 0";
  std::string output = "";
  bool hangs = false;  // until it is ended
  std::function<void()> on_wait = [] {};
  std::optional<Error> refusal;  // to start

  std::optional<os::ProgramStart> started;
  std::optional<milliseconds> shut_down_with;
  int living = 0;

  explicit FakeScript(os::PosixFileSystem& files) : fs(files) {}

  std::optional<std::string> find(const std::string&, const std::string&) override { return {}; }

  std::unique_ptr<os::Process> start(const os::ProgramStart& start) override {
    if (refusal) throw *refusal;
    started = start;
    append(start.output_path, output);
    if (body) body(cat(start.root, start.arguments.back()));
    ++living;
    return std::make_unique<FakeProcess>(*this);
  }

  static void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
  }

 private:
  struct FakeProcess : os::Process {
    FakeScript& script;
    bool ended;

    explicit FakeProcess(FakeScript& of) : script(of), ended(!of.hangs) {}
    ~FakeProcess() override { --script.living; }

    bool wait(milliseconds, std::stop_token stop) override {
      base::throw_if_stopped(stop);
      script.on_wait();
      return ended;
    }
    bool shut_down(milliseconds grace, std::stop_token stop) override {
      base::throw_if_stopped(stop);
      script.shut_down_with = grace;
      ended = true;
      return true;
    }
    std::string end() const override { return ended ? script.end : ""; }
  };
};

struct OfficialScriptTest : ::testing::Test {
  OfficialScriptTest() {
    for (const char* name : {"usr/local/bin", "var/tmp", "tmp"}) {
      std::filesystem::create_directories(root.path(name));
    }
    put_script(kScript, "#!/bin/sh\n# [--force] DIR\n");
    script.body = [this](const std::string& folder) { leave(folder, {kSnapshot, kStaticPods}); };
  }

  void put_script(const std::string& name, std::string_view content) {
    root.write(name, content);
    ::chmod(root.path(name).c_str(), 0755);
  }
  void leave(const std::string& folder, const std::vector<std::string>& names) {
    for (const std::string& name : names) FakeScript::append(os::join_path(folder, name), "bytes");
  }
  std::unique_ptr<ScriptBackup> run(const ScriptOptions& options = {}) {
    return run_official_script(*host, fs, script, options, log, stop.get_token());
  }
  Error error_of_run(const ScriptOptions& options = {}) {
    const Error error = error_of([&] { run(options); });
    EXPECT_THAT(fs.list(root.path("var/tmp")), IsEmpty()) << error.what();
    EXPECT_EQ(script.living, 0);
    return error;
  }

  TempFolder root;
  os::PosixFileSystem fs;
  FakeScript script{fs};
  std::unique_ptr<os::HostTree> host = os::open_host_tree(root.path());
  std::stop_source stop;
  std::ostringstream text;
  base::Log log{text, base::Log::Format::kText, base::Log::Level::kInfo};
};

TEST_F(OfficialScriptTest, IsFoundWhereTheHostItselfWouldFindIt) {
  EXPECT_EQ(find_official_script(*host), kScript);
  fs.remove_file(root.path(kScript));
  EXPECT_EQ(find_official_script(*host), std::nullopt);
  // As on a node: another folder for all of /usr/local, and a link with the host's own path.
  fs.rename(root.path("usr/local"), root.path("var/usrlocal"));
  ASSERT_EQ(::symlink("../var/usrlocal", root.path("usr/local").c_str()), 0);
  put_script("real.sh", "#!/bin/sh\n");
  ASSERT_EQ(::symlink("/real.sh", root.path(kScript).c_str()), 0);
  EXPECT_EQ(find_official_script(*host), kScript);
  put_script(kOldScript, "#!/bin/sh\n");
  EXPECT_EQ(find_official_script(*host), kScript);
  ::chmod(root.path("real.sh").c_str(), 0644);
  EXPECT_EQ(find_official_script(*host), kOldScript) << "the new one can't be executed";
  fs.remove_file(root.path("real.sh"));
  EXPECT_EQ(find_official_script(*host), kOldScript) << "the link dangles";
  fs.remove_file(root.path(kScript));
  fs.make_directory(root.path(kScript));
  EXPECT_EQ(find_official_script(*host), kOldScript) << "a folder is no script";
}

TEST_F(OfficialScriptTest, StartsItOnTheHostWithNothingOfOurs) {
  script.output = "found latest etcd\n";
  std::string folder;
  {
    const auto backup = run();
    const os::ProgramStart& start = script.started.value();
    EXPECT_EQ(start.path, "/usr/local/bin/cluster-backup.sh");
    EXPECT_EQ(start.root, root.path());
    EXPECT_TRUE(start.take_descendants);
    EXPECT_THAT(start.environment,
                ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                            "HOME=/root", "LC_ALL=C"));
    ASSERT_THAT(start.arguments, ElementsAre(StartsWith("/var/tmp/lifeboat-script-")));
    folder = root.path() + start.arguments[0];
    EXPECT_THAT(start.output_path, Not(StartsWith(folder))) << "it is none of the script's files";
    EXPECT_EQ(backup->snapshot_path(), os::join_path(folder, kSnapshot));
    EXPECT_EQ(backup->static_pods_path(), os::join_path(folder, kStaticPods));
    EXPECT_FALSE(backup->possibly_dirty());
    EXPECT_TRUE(fs.info(backup->snapshot_path()));
  }
  EXPECT_FALSE(fs.info(folder));
  EXPECT_THAT(fs.list(root.path("var/tmp")), IsEmpty());
  EXPECT_EQ(text.str(), "cluster-backup.sh: found latest etcd\n");
}

TEST_F(OfficialScriptTest, IsForcedOnlyIfItKnowsTheFlag) {
  run({.force = true});
  EXPECT_THAT(script.started->arguments, ElementsAre("--force", StartsWith("/var/tmp/")));
  put_script(kScript, "#!/bin/sh\n# DIR\n");
  run({.force = true});
  EXPECT_THAT(script.started->arguments, ElementsAre(StartsWith("/var/tmp/")));
}

TEST_F(OfficialScriptTest, TellsTheScriptsOwnDoubt) {
  const std::vector<std::vector<std::string>> names = {
      {"snapshot_2026-11-21_060000__POSSIBLY_DIRTY__.db",
       "static_kuberesources_2026-11-21_060000__POSSIBLY_DIRTY__.tar.gz"},
      {"snapshot_2026-11-21_060000__POSSIBLY_DIRTY__.db", kStaticPods},
      {kSnapshot, "static_kuberesources_2026-11-21_060000__POSSIBLY_DIRTY__.tar.gz"}};
  for (const auto& both : names) {
    script.body = [&](const std::string& folder) { leave(folder, both); };
    EXPECT_TRUE(run()->possibly_dirty()) << both[0];
  }
}

TEST_F(OfficialScriptTest, TakesNothingButTheTwoFiles) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "it left nothing"},
      {{kSnapshot}, "it left snapshot_2026-11-21_060000.db; "},
      {{kStaticPods}, "it left static_kuberesources_2026-11-21_060000.tar.gz; "},
      {{kSnapshot, "static_kuberesources_2026-11-21_060001.tar.gz"}, "060001.tar.gz"},
      {{kSnapshot, "snapshot_2026-11-21_060001.db", kStaticPods}, "snapshot_2026-11-21_060001.db"},
      {{kSnapshot, kStaticPods, "more"}, "it left more, snapshot"},
      {{kSnapshot, kStaticPods, "snapshot_2026-11-21_060000.db.part"}, "db.part"},
      {{"snapshot_2026-11-21_06000.db", "static_kuberesources_2026-11-21_06000.tar.gz"},
       "06000.db"},
      {{"snapshot_2026-11-21-060000.db", "static_kuberesources_2026-11-21-060000.tar.gz"},
       "-060000"},
      {{"snapshot_2026-11-21_06000x.db", "static_kuberesources_2026-11-21_06000x.tar.gz"},
       "06000x"},
      {{"snapshot_.db", "static_kuberesources_.tar.gz"}, "snapshot_.db"},
      {{"snapshot_db_kuberesources_2026-11-21_060000.tar.gz"}, "snapshot_db_kuberesources"},
      {{"\x1b[2J", kSnapshot, kStaticPods}, "it left ?[2J, "},
  };
  for (const auto& [names, said] : cases) {
    script.body = [&, wanted = names](const std::string& folder) { leave(folder, wanted); };
    const Error error = error_of_run();
    EXPECT_EQ(error.code(), Code::kUnavailable) << said;
    EXPECT_THAT(error.what(), HasSubstr(said));
  }
}

TEST_F(OfficialScriptTest, TakesOnlyRegularFilesWithSomethingInThem) {
  const std::vector<std::pair<std::function<void(const std::string&)>, std::string>> cases = {
      {[](const std::string& path) { FakeScript::append(path, ""); }, " (empty)"},
      {[this](const std::string& path) { fs.make_directory(path); }, " (a folder)"},
      {[](const std::string& path) { ::mkfifo(path.c_str(), 0600); }, " (not a regular file)"},
      {[](const std::string& path) { ASSERT_EQ(::symlink("/etc/passwd", path.c_str()), 0); },
       " (not a regular file)"},
  };
  for (const auto& [make, remark] : cases) {
    script.body = [&, put = make](const std::string& folder) {
      put(os::join_path(folder, kSnapshot));
      leave(folder, {kStaticPods});
    };
    const Error error = error_of_run();
    EXPECT_EQ(error.code(), Code::kUnavailable);
    EXPECT_THAT(error.what(), HasSubstr(cat(kSnapshot, remark)));
  }
}

TEST_F(OfficialScriptTest, CountsNamesBeyondTen) {
  script.body = [&](const std::string& folder) {
    for (int i = 0; i < 30; ++i) leave(folder, {cat("file-", i)});
  };
  EXPECT_THAT(error_of_run().what(), HasSubstr("and 20 more"));
}

TEST_F(OfficialScriptTest, TellsItsLastWordsWhenItFails) {
  script.end = "exit status 1";
  script.output = "one\ntwo\n\nthree \x1b[31mred\x1b[0m\nfour\xff\n\n\n";
  const Error error = error_of_run();
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_STREQ(error.what(),
               "the host's /usr/local/bin/cluster-backup.sh ended with exit status 1: "
               "two | three ?[31mred?[0m | four?");
  EXPECT_THAT(error.hint(), HasSubstr("--method native"));
  EXPECT_EQ(text.str(),
            "cluster-backup.sh: one\ncluster-backup.sh: two\n"
            "cluster-backup.sh: three ?[31mred?[0m\ncluster-backup.sh: four?\n");
  script.output = "";
  script.end = "signal 11";
  EXPECT_THAT(error_of_run().what(), EndsWith("ended with signal 11: it printed nothing"));
}

TEST_F(OfficialScriptTest, ShowsTheEndOfALongOutput) {
  for (int i = 0; i < 20000; ++i) script.output += cat("line ", i, "\n");
  run();
  EXPECT_THAT(text.str(), StartsWith("cluster-backup.sh: (the first lines are left out)\n"
                                     "cluster-backup.sh: line 19800\n"));
  EXPECT_THAT(text.str(), EndsWith("cluster-backup.sh: line 19999\n"));
  text.str("");
  script.output = std::string(200'000, 'x') + "\nlast\n";
  run();
  EXPECT_EQ(text.str(),
            "cluster-backup.sh: (the first lines are left out)\ncluster-backup.sh: last\n");
}

TEST_F(OfficialScriptTest, IsEndedAtTheDeadline) {
  script.hangs = true;
  script.output = "downloading\n";
  script.end = "signal 9";
  const Error error = error_of_run({.timeout = 20ms, .grace = 77ms});
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("did not end within 20ms: downloading"));
  EXPECT_EQ(script.shut_down_with, 77ms);
  EXPECT_EQ(text.str(), "cluster-backup.sh: downloading\n");
}

TEST_F(OfficialScriptTest, IsEndedOnRequestInGoodOrder) {
  script.hangs = true;
  script.output = "downloading\n";
  script.on_wait = [this] { stop.request_stop(); };
  EXPECT_EQ(error_of_run({.grace = 30s, .stop_grace = 700ms}).code(), Code::kCancelled);
  EXPECT_EQ(script.shut_down_with, 700ms);
  EXPECT_EQ(text.str(), "cluster-backup.sh: downloading\n");
}

TEST_F(OfficialScriptTest, IsEndedBeforeItFillsTheDisk) {
  script.hangs = true;
  script.on_wait = [this] {
    std::filesystem::resize_file(script.started->output_path, (16U << 20) + 1);
  };
  const Error error = error_of_run();
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("printed more than 16.0 MiB"));
}

TEST_F(OfficialScriptTest, OfTheFirstReleasesIsNotRun) {
  fs.remove_file(root.path(kScript));
  put_script(kOldScript, "#!/bin/sh\nASSET_DIR=./assets\nSNAPSHOT_FILE=$1\n");
  EXPECT_EQ(error_of_run().code(), Code::kUnsupported);
  put_script(kOldScript, "#!/bin/sh\nTAR=snapshot_db_kuberesources_${DATE}.tar.gz\n");
  EXPECT_EQ(error_of_run().code(), Code::kUnsupported);
  EXPECT_FALSE(script.started);
  put_script(kOldScript, "#!/bin/sh\nTAR=$1/static_kuberesources_${DATE}.tar.gz\n");
  EXPECT_FALSE(run()->possibly_dirty());
  EXPECT_EQ(script.started->path, "/usr/local/bin/etcd-snapshot-backup.sh");
  fs.remove_file(root.path(kOldScript));
  EXPECT_EQ(error_of_run().code(), Code::kNotFound);
}

TEST_F(OfficialScriptTest, LeavesNothingWhenItCanNotBeStarted) {
  script.refusal = Error(Code::kDenied, "cannot make /host the root");
  const Error error = error_of_run();
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_STREQ(error.what(), "cannot make /host the root");
}

// The same with a real change of the root, and scripts for a shell.
struct ScriptInRootTest : ::testing::Test {
  static void SetUpTestSuite() {
    if (::geteuid() == 0) shared_root() = std::make_unique<RootTree>();
  }
  static void TearDownTestSuite() { shared_root().reset(); }
  static std::unique_ptr<RootTree>& shared_root() {
    static std::unique_ptr<RootTree> root;
    return root;
  }

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "a change of the root takes root";
    host = os::open_host_tree(root().path());
  }
  void TearDown() override {
    if (host) std::filesystem::remove(root().path(kScript));
  }

  const RootTree& root() const { return *shared_root(); }
  std::unique_ptr<ScriptBackup> run(std::string_view lines, const ScriptOptions& options = {}) {
    root().write_script(kScript, lines);
    return run_official_script(*host, fs, programs, options, log, stop.get_token());
  }
  Error error_of_run(std::string_view lines, const ScriptOptions& options = {}) {
    const Error error = error_of([&] { run(lines, options); });
    EXPECT_THAT(fs.list(root().path("var/tmp")), IsEmpty()) << error.what();
    return error;
  }
  bool is_dead(const std::string& file) const {
    std::ifstream status(cat("/proc/", base::split(root().read(file), '\n').at(0), "/stat"));
    std::string line;
    return !std::getline(status, line) || line.find(") Z ") != std::string::npos;
  }
  std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  os::PosixFileSystem fs;
  os::PosixPrograms programs;
  std::unique_ptr<os::HostTree> host;
  std::stop_source stop;
  std::ostringstream text;
  base::Log log{text, base::Log::Format::kText, base::Log::Level::kInfo};
};

constexpr const char* kLeaveBoth =
    "echo database > $1/snapshot_2026-11-21_060000.db\n"
    "echo archive > $1/static_kuberesources_2026-11-21_060000.tar.gz\n";

// Writes its number to /FILE, and is neither in the script's group nor its child.
std::string run_away(const std::string& file) {
  return cat("setsid sh -c '(echo $$ > /", file, "; exec sleep 30) & exec sleep 30' &\n",
             "while ! [ -s /", file, " ]; do :; done\n");
}

TEST_F(ScriptInRootTest, LeavesItsTwoFiles) {
  {
    const auto backup = run(cat("pwd; env | while read l; do echo $l; done\n", kLeaveBoth));
    EXPECT_EQ(content(backup->snapshot_path()), "database\n");
    EXPECT_EQ(content(backup->static_pods_path()), "archive\n");
  }
  EXPECT_THAT(fs.list(root().path("var/tmp")), IsEmpty());
  EXPECT_THAT(text.str(), StartsWith("cluster-backup.sh: /\n"));
  EXPECT_THAT(text.str(), HasSubstr("cluster-backup.sh: HOME=/root\n"));
}

TEST_F(ScriptInRootTest, IsFollowedThroughALinkOfTheHosts) {
  root().write_script("real.sh", kLeaveBoth);
  ASSERT_EQ(::symlink("/real.sh", root().path(kScript).c_str()), 0);
  const auto backup = run_official_script(*host, fs, programs, {}, log, {});
  EXPECT_EQ(content(backup->snapshot_path()), "database\n");
}

TEST_F(ScriptInRootTest, LeavesNothingWhenItFails) {
  const std::string before = "echo 'Could not find the status of the etcd.'; exit 1\n";
  for (const std::string& lines : {before, cat(kLeaveBoth, before)}) {
    const Error error = error_of_run(lines);
    EXPECT_EQ(error.code(), Code::kUnavailable);
    EXPECT_THAT(error.what(), EndsWith("exit status 1: Could not find the status of the etcd."));
  }
  EXPECT_THAT(error_of_run("echo x > $1/garbage; mkdir $1/deep; echo x > $1/deep/file").what(),
              HasSubstr("it left deep (a folder), garbage; it said: it printed nothing"));
  EXPECT_THAT(error_of_run("exec /missing").what(), HasSubstr("exit status 127: "));
}

TEST_F(ScriptInRootTest, IsKilledAtTheDeadline) {
  const auto begun = std::chrono::steady_clock::now();
  const Error error =
      error_of_run("trap '' TERM; while :; do :; done", {.timeout = 30ms, .grace = 20ms});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_THAT(error.what(), HasSubstr("did not end within 30ms"));
}

TEST_F(ScriptInRootTest, IsKilledOnRequestWithAllThatItStarted) {
  const std::string lines = cat("trap '' TERM\n", run_away("one"), run_away("two"),
                                "echo hanging; echo > /ready; while :; do :; done");
  const std::jthread impatient([this](const std::stop_token& over) {
    while (!over.stop_requested() && !std::filesystem::exists(root().path("ready"))) {
      std::this_thread::sleep_for(1ms);
    }
    stop.request_stop();
  });
  EXPECT_EQ(error_of_run(lines, {.stop_grace = 20ms}).code(), Code::kCancelled);
  EXPECT_TRUE(is_dead("one"));
  EXPECT_TRUE(is_dead("two"));
  EXPECT_EQ(text.str(), "cluster-backup.sh: hanging\n");
}

TEST_F(ScriptInRootTest, HoldsUpNobodyWhoAsksToStop) {
  const std::jthread impatient([this](const std::stop_token& over) {
    while (!over.stop_requested() && !std::filesystem::exists(root().path("deaf"))) {
      std::this_thread::sleep_for(1ms);
    }
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of_run("trap '' TERM; echo > /deaf; while :; do :; done").code(),
            Code::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST_F(ScriptInRootTest, IsOutlivedByNothing) {
  const auto backup = run(cat(run_away("child"), kLeaveBoth));
  EXPECT_TRUE(is_dead("child"));
  EXPECT_EQ(content(backup->snapshot_path()), "database\n");
}

TEST_F(ScriptInRootTest, MayPrintALot) {
  EXPECT_TRUE(run(cat("seq 1 200000\n", kLeaveBoth)));
  EXPECT_THAT(text.str(), EndsWith("cluster-backup.sh: 199999\ncluster-backup.sh: 200000\n"));
}

}  // namespace
}  // namespace lifeboat::node
