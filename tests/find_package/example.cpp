#include <iostream>

#include <limbflow/models/run.hpp>

int main() {
  const auto scenario = limbflow::models::load_scenario("30-15-15-15");
  const auto result = limbflow::models::run(scenario);
  std::cout << scenario.title << ": " << result.report.describe() << ", AOP " << result.aop_mmHg << " mmHg\n";
  return result.report.outcome == limbflow::core::Outcome::completed ? 0 : 1;
}
