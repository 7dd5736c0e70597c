#include "os/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "testing/error_of.h"
#include "testing/root_tree.h"
#include "testing/temp_folder.h"

namespace lifeboat::os {
namespace {

using base::Code;
using base::Error;
using lifeboat::testing::error_of;
using lifeboat::testing::RootTree;
using lifeboat::testing::TempFolder;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using ::testing::HasSubstr;

constexpr auto kLong = 20s;

struct ProcessTest : ::testing::Test {
  // A line for a shell, which tests may have.
  std::unique_ptr<Process> start_shell(const std::string& line) {
    return programs.start({.path = "/bin/sh",
                           .arguments = {"-c", line},
                           .environment = {"PATH=/usr/bin:/bin", "ONLY=this"},
                           .output_path = folder.path("log")});
  }
  // The same, to be ended with all that it leaves behind.
  std::unique_ptr<Process> start_kept(const std::string& line) {
    return programs.start({.path = "/bin/sh",
                           .arguments = {"-c", line},
                           .environment = {"PATH=/usr/bin:/bin"},
                           .output_path = folder.path("log"),
                           .take_descendants = true});
  }
  // The number that the line of a shell above has written to the file NAME.
  pid_t id_in(const std::string& name) {
    EXPECT_TRUE(comes_true([&] { return folder.read(name).ends_with('\n'); }));
    return std::stoi(folder.read(name));
  }
  // Nobody may reap it here: then it stays as a zombie, dead all the same.
  static bool is_dead(pid_t id) {
    std::ifstream status("/proc/" + std::to_string(id) + "/stat");
    std::string line;
    return !std::getline(status, line) || line.find(") Z ") != std::string::npos;
  }
  // What the line prints, after its end.
  std::string output_of(const std::string& line) {
    const auto process = start_shell(line);
    EXPECT_TRUE(process->wait(kLong, {}));
    return folder.read("log");
  }
  bool comes_true(const std::function<bool()>& condition) {
    const auto never = programs.start({"/bin/sleep", {"30"}, {}, folder.path("sleep")});
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      never->wait(5ms, {});
    }
    return false;
  }

  PosixPrograms programs;
  TempFolder folder;
};

TEST_F(ProcessTest, KeepsBothOutputsInOneFile) {
  EXPECT_EQ(output_of("echo out; echo err >&2"), "out\nerr\n");
  EXPECT_EQ(output_of("echo more"), "out\nerr\nmore\n");
}

TEST_F(ProcessTest, TellsHowItEnded) {
  const auto process = start_shell("exit 7");
  EXPECT_TRUE(process->wait(kLong, {}));
  EXPECT_EQ(process->end(), "exit status 7");
  const auto killed = start_shell("kill -KILL $$");
  EXPECT_TRUE(killed->wait(kLong, {}));
  EXPECT_EQ(killed->end(), "signal 9");
}

TEST_F(ProcessTest, GivesNothingThatItWasNotTold) {
  ::setenv("ETCD_NAME", "leaked", 1);
  EXPECT_EQ(output_of("env | grep -E '^(ETCD|ONLY|PATH|HOME)' | sort"),
            "ONLY=this\nPATH=/usr/bin:/bin\n");
  ::unsetenv("ETCD_NAME");
}

TEST_F(ProcessTest, ReadsNothingFromOurInputAndHoldsNoFileOfOurs) {
  const int leaky = ::open("/dev/null", O_RDONLY);                // not marked to be closed
  EXPECT_EQ(output_of("cat; ls /proc/self/fd"), "0\n1\n2\n3\n");  // 3: the folder that ls reads
  ::close(leaky);
}

TEST_F(ProcessTest, TakesSignalsAsUsual) {
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &terminate, &before);
  const auto pipe_handler = ::signal(SIGPIPE, SIG_IGN);
  EXPECT_THAT(output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status"),
              ::testing::MatchesRegex("SigBlk:\t0+\nSigIgn:\t0+\n"));
  const auto process = start_shell("exec sleep 30");
  EXPECT_TRUE(process->shut_down(kLong, {}));
  EXPECT_EQ(process->end(), "signal 15");
  ::signal(SIGPIPE, pipe_handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(ProcessTest, KillsWhatDoesNotTerminate) {
  const auto process = start_shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(comes_true([&] { return folder.read("log") == "ready\n"; }));
  EXPECT_FALSE(process->shut_down(50ms, {}));
  EXPECT_EQ(process->end(), "signal 9");
  EXPECT_TRUE(process->shut_down(50ms, {}));
}

TEST_F(ProcessTest, EndsWithItsObjectAndTakesItsChildrenAlong) {
  auto process = start_shell("sleep 30 & echo $!; wait");
  ASSERT_TRUE(comes_true([&] { return folder.read("log").ends_with('\n'); }));
  const pid_t child = std::stoi(folder.read("log"));
  process.reset();
  EXPECT_TRUE(comes_true([&] { return is_dead(child); }));
}

TEST_F(ProcessTest, LeavesNothingOfItsGroupBehindWhenItEndsByItself) {
  const auto process = start_shell("sleep 30 & echo $! > " + folder.path("id") + "; exit 3");
  EXPECT_TRUE(process->wait(kLong, {}));
  EXPECT_EQ(process->end(), "exit status 3");
  const pid_t child = id_in("id");
  EXPECT_TRUE(comes_true([&] { return is_dead(child); }));
}

TEST_F(ProcessTest, LeavesNothingOfItsGroupBehindWhenItTerminates) {
  const auto process = start_shell("sh -c 'trap \"\" TERM; echo $$ > " + folder.path("id") +
                                   "; while :; do sleep 0.01; done' & wait");
  const pid_t child = id_in("id");
  EXPECT_TRUE(process->shut_down(kLong, {}));
  EXPECT_EQ(process->end(), "signal 15");
  EXPECT_TRUE(comes_true([&] { return is_dead(child); }));
}

TEST_F(ProcessTest, EndsWithThisProgram) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto process = start_shell("echo $$; exec sleep 30");
    ::raise(SIGSTOP);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, WUNTRACED), parent);
  ASSERT_TRUE(comes_true([&] { return folder.read("log").ends_with('\n'); }));
  const pid_t grandchild = std::stoi(folder.read("log"));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, &status, 0);
  EXPECT_TRUE(comes_true([&] { return is_dead(grandchild); }));
}

// Leaves the group and the session, and its parent, a second time on the way.
constexpr const char* kRunAway =
    "setsid sh -c '(setsid sh -c \"echo \\$\\$ > ID; exec sleep 30\" &)' & ";

struct KeptProcessTest : ProcessTest {
  std::string run_away(const std::string& file) const {
    std::string line = kRunAway;
    line.replace(line.find("ID"), 2, folder.path(file));
    return line;
  }
  std::string wait_for(const std::string& file) const {
    return "while ! [ -s " + folder.path(file) + " ]; do :; done; ";
  }
};

TEST_F(KeptProcessTest, TellsHowItEnded) {
  for (const auto& [line, end] : {std::pair{"exit 0", "exit status 0"},
                                  {"exit 7", "exit status 7"},
                                  {"kill -KILL $$", "signal 9"},
                                  {"kill -TERM $$", "signal 15"},
                                  {"kill -SEGV $$", "signal 11"}}) {
    const auto process = start_kept(line);
    EXPECT_TRUE(process->wait(kLong, {})) << line;
    EXPECT_EQ(process->end(), end) << line;
  }
  EXPECT_EQ(error_of([this] {
              programs.start({.path = folder.path("missing"),
                              .output_path = folder.path("log"),
                              .take_descendants = true});
            }).code(),
            Code::kNotFound);
}

TEST_F(KeptProcessTest, StandsAloneAsOthersDo) {
  const int leaky = ::open("/dev/null", O_RDONLY);
  const auto process =
      start_kept("cat; ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status");
  EXPECT_TRUE(process->wait(kLong, {}));
  EXPECT_THAT(folder.read("log"),
              ::testing::MatchesRegex("0\n1\n2\n3\nSigBlk:\t0+\nSigIgn:\t0+\n"));
  ::close(leaky);
}

TEST_F(KeptProcessTest, TakesAlongWhatHasLeftItsGroup) {
  const auto process = start_kept(run_away("id") + wait_for("id") + "exit 3");
  EXPECT_TRUE(process->wait(kLong, {}));
  EXPECT_EQ(process->end(), "exit status 3");
  EXPECT_TRUE(is_dead(id_in("id"))) << "at once, not some time later";
}

TEST_F(KeptProcessTest, TakesAlongWholeTreesThatIgnoreSigterm) {
  const std::string stubborn = "trap '' TERM; " + run_away("one") + run_away("two") +
                               run_away("three") + "echo ready; while :; do sleep 0.01; done";
  const auto process = start_kept(stubborn);
  const std::vector<pid_t> ids = {id_in("one"), id_in("two"), id_in("three")};
  EXPECT_FALSE(process->shut_down(30ms, {}));
  EXPECT_EQ(process->end(), "signal 9");
  EXPECT_THAT(ids, ::testing::Each(::testing::ResultOf(&is_dead, true)));
  EXPECT_TRUE(process->shut_down(30ms, {}));
}

TEST_F(KeptProcessTest, IsAskedToTerminateFirst) {
  const auto process = start_kept("trap 'echo bye; exit 4' TERM; echo ready; while :; do :; done");
  ASSERT_TRUE(comes_true([&] { return folder.read("log") == "ready\n"; }));
  EXPECT_TRUE(process->shut_down(kLong, {}));
  EXPECT_EQ(process->end(), "exit status 4");
  EXPECT_EQ(folder.read("log"), "ready\nbye\n");
}

TEST_F(KeptProcessTest, LeavesTheChildrenOfOthersAlone) {
  const auto other = start_shell("echo $$; exec sleep 30");
  const auto other_kept = start_kept(run_away("other") + "sleep 30");
  const pid_t orphan = id_in("other");
  auto process = start_kept(run_away("id") + "sleep 30");
  const pid_t id = id_in("id");
  process.reset();
  EXPECT_TRUE(is_dead(id));
  EXPECT_FALSE(is_dead(orphan));
  EXPECT_FALSE(other->wait(0ms, {}));
  EXPECT_FALSE(other_kept->wait(0ms, {}));
}

TEST_F(KeptProcessTest, EndsWithThisProgramAndTakesAllAlong) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto process = start_kept(run_away("id") + wait_for("id") + "echo $$; exec sleep 30");
    ::raise(SIGSTOP);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, WUNTRACED), parent);
  const std::vector<pid_t> ids = {id_in("log"), id_in("id")};
  ::kill(parent, SIGKILL);
  ::waitpid(parent, &status, 0);
  for (const pid_t id : ids) EXPECT_TRUE(comes_true([id] { return is_dead(id); }));
}

struct RootTest : ProcessTest {
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "a change of the root takes root";
  }
};

TEST_F(RootTest, RunsInAnotherRoot) {
  const RootTree root;
  root.write_script("only-here", "pwd; cat \"$1\"; [ -e /proc ] || echo none");
  root.write_script("text", "");
  for (const bool take_descendants : {false, true}) {
    const auto process = programs.start({.path = "/only-here",
                                         .arguments = {"text"},
                                         .environment = {"PATH=/bin"},
                                         .output_path = folder.path("log"),
                                         .root = root.path(),
                                         .take_descendants = take_descendants});
    EXPECT_TRUE(process->wait(kLong, {}));
    EXPECT_EQ(process->end(), "exit status 0");
  }
  EXPECT_EQ(folder.read("log"), "/\n#!/bin/sh\n\nnone\n/\n#!/bin/sh\n\nnone\n");
}

TEST_F(RootTest, SaysWhichRootItCanNotHave) {
  folder.write("file", "");
  for (const auto& [name, code] :
       {std::pair{"missing", Code::kNotFound}, {"file", Code::kInvalid}}) {
    const auto error = error_of([&, root = folder.path(name)] {
      programs.start({.path = "/bin/sh", .output_path = folder.path("log"), .root = root});
    });
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("cannot make " + folder.path(name) + " the root"));
  }
  const auto error = error_of([&] {
    programs.start({.path = "/bin/sh", .output_path = folder.path("log"), .root = folder.path()});
  });
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_THAT(error.what(), HasSubstr("cannot start /bin/sh in the root " + folder.path()));
}

TEST_F(RootTest, NamesTheRightsThatAreMissing) {
  // For this thread alone, and so for its children, and not for good.
  const uid_t nobody = 65534;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  ASSERT_EQ(::syscall(SYS_setresuid, -1, nobody, -1), 0);
  const auto error = error_of(
      [&] { programs.start({.path = "/bin/sh", .output_path = folder.path("log"), .root = "/"}); });
  ASSERT_EQ(::syscall(SYS_setresuid, -1, 0, -1), 0);
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_STREQ(error.what(), "cannot make / the root: Operation not permitted");
  EXPECT_THAT(error.hint(), HasSubstr("SYS_CHROOT"));
  EXPECT_THAT(error.hint(), HasSubstr("privileged: true"));
}

TEST_F(ProcessTest, StopsWaitingOnRequest) {
  const auto process = start_shell("sleep 30");
  EXPECT_FALSE(process->wait(1ms, {}));
  EXPECT_EQ(process->end(), "");
  std::stop_source stop;
  stop.request_stop();
  try {
    process->wait(kLong, stop.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
}

TEST_F(ProcessTest, SaysWhatCanNotBeStarted) {
  folder.write("no-program", "neither a program nor a script");
  ::chmod(folder.path("no-program").c_str(), 0700);
  folder.write("not-executable", "#!/bin/sh\n");
  for (const auto& [name, code] : {std::pair{"missing", Code::kNotFound},
                                   {"no-program", Code::kInvalid},
                                   {"not-executable", Code::kDenied}}) {
    try {
      programs.start({folder.path(name), {}, {}, folder.path("log")});
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << name;
      EXPECT_THAT(error.what(), HasSubstr(folder.path(name)));
    }
  }
}

TEST_F(ProcessTest, FindsProgramsAsAShellDoes) {
  const std::string path = folder.path() + ":/nowhere:/usr/bin:/bin";
  EXPECT_EQ(programs.find("sh", "/nowhere:/bin"), "/bin/sh");
  EXPECT_EQ(programs.find("/bin/sh", ""), "/bin/sh");
  EXPECT_EQ(programs.find("no-such-program", path), std::nullopt);
  EXPECT_EQ(programs.find("./sh", "/bin"), std::nullopt);
  EXPECT_EQ(programs.find("sh", ""), std::nullopt);
  EXPECT_EQ(programs.find("/bin", path), std::nullopt) << "a folder is no program";
  folder.write("etcd", "not executable");
  EXPECT_EQ(programs.find("etcd", folder.path()), std::nullopt);
}

}  // namespace
}  // namespace lifeboat::os
