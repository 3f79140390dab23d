/** Starts the window: on the desktop with its bridge, in a browser without. */
import { createApp } from 'vue';
import App from './app/App.vue';
import { createWorkspace, workspaceKey } from './app/workspace';
import { registerAppCommands } from './commands/appCommands';
import { desktopPlatform } from './platform/desktop';
import { webPlatform } from './platform/web';
import './theme/tokens.css';
import './theme/base.css';
import './theme/families.css';

const bridge = window.chimneysweep;
const platform = bridge === undefined ? webPlatform(window.location.search) : desktopPlatform(bridge);
const workspace = createWorkspace(platform);
registerAppCommands(workspace);
createApp(App).provide(workspaceKey, workspace).mount('#app');
