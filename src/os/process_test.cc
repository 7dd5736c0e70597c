#include "os/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "testing/temp_folder.h"

namespace lifeboat::os {
namespace {

using base::Code;
using base::Error;
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
  // Nobody may reap it here: then it stays as a zombie, dead all the same.
  EXPECT_TRUE(comes_true([&] {
    std::ifstream status("/proc/" + std::to_string(child) + "/stat");
    std::string line;
    return !std::getline(status, line) || line.find(") Z ") != std::string::npos;
  }));
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
  EXPECT_TRUE(comes_true([&] {
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string line;
    return !std::getline(stat, line) || line.find(") Z ") != std::string::npos;
  }));
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
