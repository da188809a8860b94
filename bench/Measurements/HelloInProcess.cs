namespace Wagi.Bench.Measurements;
