// Ending the session, from the rail or the search field. Signed out only once the server says so.

class Leaving {
  /** Why one is signed in still, in words; null before anybody wanted to leave. */
  refused = $state<string | null>(null);

  /** Sign out and leave. */
  async leave(): Promise<void> {
    try {
      const response = await fetch("/api/barograph/v1/logout", { method: "POST", credentials: "same-origin" });
      if (response.ok || response.status === 401) return location.assign("/");
      this.refused = `Not signed out: the server answered ${response.status}.`;
    } catch {
      this.refused = "Not signed out: the server did not answer.";
    }
  }
}

export const leaving = new Leaving();
