import { testHotReload } from './helpers/hot-reload.js'

testHotReload('webpack')
