// One piece of work in a thread of its own, while this thread does another.
//
//   BackgroundTask<Digest> hash([&](std::stop_token token) { return hash_of(file, token); }, stop);
//   walk(other_file);   // if this throws, the hash is told to stop, and waited for
//   use(hash.get());
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace lifeboat::backup {

// Used by the thread that made it.
template <typename Result>
class BackgroundTask {
 public:
  // Begins at once. The token that `work` gets is stopped when `stop` is, and when the task is
  // given up: destroyed before get().
  BackgroundTask(std::function<Result(std::stop_token)> work, const std::stop_token& stop)
      : thread_([this, work = std::move(work)](std::stop_token token) { run(work, token); }),
        pass_on_(stop, [source = thread_.get_stop_source()]() mutable { source.request_stop(); }) {}
  // Waits for the work to notice.
  ~BackgroundTask() = default;
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  // Waits for the end of the work; its result, or what it threw. Called once.
  Result get() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(*result_);
  }

 private:
  void run(const std::function<Result(std::stop_token)>& work, const std::stop_token& token) {
    try {
      result_.emplace(work(token));
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  std::optional<Result> result_;
  std::exception_ptr failure_;
  std::jthread thread_;  // it uses the two above
  std::stop_callback<std::function<void()>> pass_on_;
};

// Does `work(item, token)` for each of `items`, each in a thread of its own, and returns what came
// of them, in their order, once all have ended. Throws what the first of them threw, after
// those behind it were told to stop.
template <typename Result, typename Items, typename Work>
std::vector<Result> side_by_side(const Items& items, const Work& work,
                                 const std::stop_token& stop) {
  std::deque<BackgroundTask<Result>> tasks;
  for (const auto& item : items) {
    tasks.emplace_back([&](const std::stop_token& token) { return work(item, token); }, stop);
  }
  std::vector<Result> results;
  for (auto& task : tasks) results.push_back(task.get());
  return results;
}

}  // namespace lifeboat::backup
