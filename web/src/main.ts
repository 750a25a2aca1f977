// The way in: theme first, so that the first paint is right, then the page.

import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { theme } from "./lib/theme.svelte";

theme.start();
mount(App, { target: document.querySelector("#page") as HTMLElement });
