// Which page an address belongs to. Templates are written as the server's routes are: `{name}` stands for one segment. Pure.

export interface Match {
  /** What stands for the names of the template. */
  parameters: Readonly<Record<string, string>>;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a broken escape is a name that nothing has
  }
}

/** Match a path with a template; null where it does not fit. A slash at the end counts for nothing. */
export function match(template: string, path: string): Match | null {
  const wanted = template.split("/");
  const found = path === "/" ? ["", ""] : path.replace(/\/$/, "").split("/");
  if (wanted.length !== found.length) return null;
  const parameters: Record<string, string> = {};
  for (const [place, part] of wanted.entries()) {
    const segment = found[place] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== segment : segment === "") return null;
    if (name !== undefined) parameters[name] = decoded(segment);
  }
  return { parameters };
}
