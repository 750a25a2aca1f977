import { describe, expect, test } from "vitest";
import { Asking } from "../src/lib/asking";
import { joinSensors } from "../src/lib/machine.svelte";
import { TEMPERATURE, sensorExpressions, temperatureTrack } from "../src/lib/sensors";

const sensor = (chip: string, chip_name: string, at: string, label?: string, limit = NaN) => ({
  labels: { chip, chip_name, sensor: at, ...(label === undefined ? {} : { label }) },
  limit,
});

describe("the temperature track", () => {
  test("there is none without sensors", () => expect(temperatureTrack([])).toBeNull());

  test("package first, then board, then disks; single cores are summed up by the package", () => {
    const made = temperatureTrack([
      sensor("nvme_nvme0", "nvme", "temp1", "Composite", 84.8),
      sensor("nvme_nvme0", "nvme", "temp2", "Sensor 1"),
      sensor("platform_coretemp_0", "coretemp", "temp2", "Core 0", 100),
      sensor("platform_coretemp_0", "coretemp", "temp1", "Package id 0", 100),
      sensor("thermal_thermal_zone0", "acpitz", "temp1"),
    ]);
    expect(made?.series.map((series) => [series.name, series.color, series.column])).toEqual([
      ["CPU package", "c7", "temperature.platform_coretemp_0_temp1"],
      ["board", "c9", "temperature.thermal_thermal_zone0_temp1"],
      ["nvme0", "c3", "temperature.nvme_nvme0_temp1"],
    ]);
    expect([made?.minimum, made?.maximum, made?.heightPx]).toEqual([30, 100, 84]);
  });

  test("cores stand alone where nothing sums them up, sockets are told apart, limits that are none are not believed", () => {
    const cores = temperatureTrack([sensor("c", "coretemp", "temp2", "Core 0", 65_261)]);
    expect([cores?.series[0]?.name, cores?.maximum]).toEqual(["CPU core 0", 90]);
    const sockets = temperatureTrack([sensor("c0", "k10temp", "temp1", "Tctl"), sensor("c1", "k10temp", "temp1", "Tctl")]);
    expect(sockets?.series.map((series) => series.name)).toEqual(["CPU package", "CPU package 2"]);
  });

  test("sensors that have one column are one line of the legend", () => {
    const made = temperatureTrack([sensor("i2c-0", "lm75", "temp1"), sensor("i2c_0", "lm75", "temp1"), sensor("i2c_1", "lm75", "temp1")]);
    expect(made?.series.map((series) => [series.column, series.name])).toEqual([["temperature.i2c_0_temp1", "lm75"], ["temperature.i2c_1_temp1", "lm75 2"]]);
  });

  test("a thermal zone is a sensor where hwmon is not", () => {
    const made = temperatureTrack([{ labels: { type: "x86_pkg_temp", zone: "0" }, limit: NaN }]);
    expect(made?.series[0]).toMatchObject({ name: "CPU package", column: "temperature.x86_pkg_temp_0" });
    expect(TEMPERATURE[1]?.column({ type: "x86_pkg_temp", zone: "0" })).toBe("temperature.x86_pkg_temp_0");
  });

  test("six lines at most", () => {
    const many = Array.from({ length: 20 }, (_, i) => sensor(`c${i}`, "nct6775", "temp1", `T${i}`));
    expect(temperatureTrack(many)?.series).toHaveLength(6);
  });

  test("asks the samples of hwmon, and the names of its chips once", () => {
    expect(TEMPERATURE[0]?.promql(new Asking("h", 1000, 1000))).toBe('last_over_time(node_hwmon_temp_celsius{job="node",instance="h"}[1s])');
    expect(sensorExpressions("{}").sensors).toContain("group_left (chip_name)");
  });

  test("labels and limits are joined by chip and sensor", () => {
    const plain = [{ labels: { chip: "c", sensor: "temp1" } }, { labels: { chip: "c", sensor: "temp2" } }];
    const joined = joinSensors(plain, [{ labels: { chip: "c", sensor: "temp2", label: "Tctl" } }], [{ labels: { chip: "c", sensor: "temp1" }, value: 95 }]);
    expect(joined.map((one) => [one.labels["label"], one.limit])).toEqual([[undefined, 95], ["Tctl", NaN]]);
  });
});
