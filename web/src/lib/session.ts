// Ending the session. Signed out only once the server says so.

/** Sign out and leave; on failure the words to show. */
export async function signOut(): Promise<string> {
  try {
    const response = await fetch("/api/barograph/v1/logout", { method: "POST", credentials: "same-origin" });
    if (response.ok || response.status === 401) {
      location.assign("/");
      return "";
    }
    return `Not signed out: the server answered ${response.status}.`;
  } catch {
    return "Not signed out: the server did not answer.";
  }
}
