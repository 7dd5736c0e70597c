#include "backup/background_task.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>

namespace lifeboat::backup {
namespace {

// Returns when `token` is stopped; a test that forgets to hangs.
void wait_for_stop(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock guard(mutex);
  changed.wait(guard, token, [] { return false; });
}

TEST(BackgroundTask, GivesTheResultOfAnotherThread) {
  const auto here = std::this_thread::get_id();
  BackgroundTask<bool> task([here](std::stop_token) { return std::this_thread::get_id() == here; },
                            {});
  EXPECT_FALSE(task.get());
}

TEST(BackgroundTask, GivesResultsThatCanOnlyBeMoved) {
  BackgroundTask<std::unique_ptr<int>> task(
      [](std::stop_token) { return std::make_unique<int>(7); }, {});
  EXPECT_EQ(*task.get(), 7);
}

TEST(BackgroundTask, ThrowsWhatTheWorkThrew) {
  BackgroundTask<int> task([](std::stop_token) -> int { throw std::out_of_range("here"); }, {});
  EXPECT_THROW(task.get(), std::out_of_range);
}

TEST(BackgroundTask, PassesAStopOn) {
  std::stop_source stop;
  const auto work = [](std::stop_token token) {
    wait_for_stop(token);
    return 1;
  };
  BackgroundTask<int> task(work, stop.get_token());
  stop.request_stop();
  EXPECT_EQ(task.get(), 1);
  BackgroundTask<int> too_late(work, stop.get_token());
  EXPECT_EQ(too_late.get(), 1);
}

TEST(BackgroundTask, IsStoppedAndWaitedForWhenItIsGivenUp) {
  bool ended = false;
  try {
    BackgroundTask<int> task(
        [&ended](std::stop_token token) {
          wait_for_stop(token);
          ended = true;
          return 1;
        },
        {});
    throw std::runtime_error("the other work failed");
  } catch (const std::runtime_error&) {
    EXPECT_TRUE(ended);
  }
}

TEST(BackgroundTask, KeepsAFailureThatNobodyAskedForToItself) {
  EXPECT_NO_THROW(BackgroundTask<int>([](std::stop_token) -> int { throw 1; }, {}));
}

}  // namespace
}  // namespace lifeboat::backup
