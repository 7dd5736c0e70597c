#include "os/standard_input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"

namespace lifeboat::os {
namespace {

using base::Code;

// A pipe in the place of this process's standard input.
class StandardInputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    saved_ = ::dup(STDIN_FILENO);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ::close(ends[0]);
    writer_ = ends[1];
  }
  void TearDown() override {
    close_writer();
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }

  void write(const std::string& text) {
    ASSERT_EQ(::write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (writer_ != -1) ::close(writer_);
    writer_ = -1;
  }

  std::string read(std::size_t size) {
    base::Buffer buffer(size);
    return std::string(base::as_text(base::Bytes(buffer).first(input_.read(buffer))));
  }

  std::stop_source stop_;
  StandardInput input_{stop_.get_token()};

 private:
  int saved_ = -1;
  int writer_ = -1;
};

TEST_F(StandardInputTest, ReadsWhatIsThereAndThenTheEnd) {
  write("abcdef");
  EXPECT_EQ(read(4), "abcd");
  EXPECT_EQ(read(4), "ef");
  write("g");
  close_writer();
  EXPECT_EQ(read(4), "g");
  EXPECT_EQ(read(4), "");
  EXPECT_EQ(read(4), "");
}

TEST_F(StandardInputTest, WaitsForWhatIsStillToCome) {
  const std::jthread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    write("late");
  });
  EXPECT_EQ(read(100), "late");
}

TEST_F(StandardInputTest, StopsWhileNothingComes) {
  const std::jthread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop_.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  try {
    read(1);
    ADD_FAILURE() << "something was read";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), Code::kCancelled);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(StandardInputTest, SaysThatThereIsNone) {
  ::close(STDIN_FILENO);
  try {
    read(1);
    ADD_FAILURE() << "something was read";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), Code::kIo);
  }
}

}  // namespace
}  // namespace lifeboat::os
