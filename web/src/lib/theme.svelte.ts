// Dark, light, or as the system says; kept in this browser. Sets `data-theme` on the root, and hands canvases their colours.

export type Choice = "system" | "dark" | "light";

const KEY = "barograph.theme";
const CHOICES: readonly Choice[] = ["system", "dark", "light"];
const light = matchMedia("(prefers-color-scheme: light)");

function stored(): Choice {
  try {
    return CHOICES.find((choice) => choice === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system"; // storage is refused in this browser; the choice then lasts as long as the page
  }
}

class Theme {
  choice = $state<Choice>(stored());
  /** Rises when colours changed, after they rest. */
  revision = $state(0);
  private rest: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    light.addEventListener("change", () => this.apply());
    this.apply();
  }

  next(): void {
    this.choose(CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? "system");
  }

  choose(choice: Choice): void {
    this.choice = choice;
    try {
      localStorage.setItem(KEY, this.choice);
    } catch {
      // as above
    }
    this.apply();
  }

  private apply(): void {
    const shown = this.choice === "system" ? (light.matches ? "light" : "dark") : this.choice;
    document.documentElement.dataset["theme"] = shown;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => (this.revision += 1), 100);
  }
}

export const theme = new Theme();

/** The value of a token, as the canvas needs it. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
