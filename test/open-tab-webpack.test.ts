import { testOpenTab } from './helpers/open-tab.js'

testOpenTab('webpack')
