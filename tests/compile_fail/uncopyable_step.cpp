// expect: the input of a step must be copyable
// mention: unique_ptr<int
#include <memory>

#include <lian/core/pipe.hpp>

using Input = std::unique_ptr<int>;

class Take : public lian::Step<Input, int> {
 public:
  lian::Task<int> run(Input in, lian::Context) const override { co_return *in; }
};
auto chain = lian::Runnable<Input, int>(std::make_shared<Take>());
